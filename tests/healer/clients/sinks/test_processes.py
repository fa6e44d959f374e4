"""Rules of reading this machine's processes for the leak audit."""

import subprocess
import sys
import time
from contextlib import contextmanager

from healer.audit import Search, examine
from healer.clients.sinks import processes

SECRET = "plain-secret-77"


@contextmanager
def program(argv, **env):
    """Run a program that says when it is there, and waits."""
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as child:
        assert child.stdout
        child.stdout.readline()
        yield child.pid
        child.kill()


def found(pieces):
    return examine("processes", pieces, Search([SECRET])).places


def test_a_value_in_a_command_line_is_found():
    """An argument that holds a value, encoded, is a hit of that process."""
    waiting = "print(flush=True); input()"
    with program([sys.executable, "-c", waiting, SECRET.encode().hex()]) as pid:
        assert any(place.startswith(f"process {pid} ") for place in found(processes.command_lines()))


def test_a_value_in_an_environment_is_found_where_it_must_not_be():
    """The same variable is a hit in a program of others and none in one of ours."""
    waiting = ["-c", "print(flush=True); input()"]
    names = ("HEALER_VAULT_KEYS",)
    with (
        program([sys.executable, *waiting], HEALER_VAULT_KEYS=SECRET) as other,
        program([sys.executable, *waiting, "healer-runner"], HEALER_VAULT_KEYS=SECRET) as ours,
        program([sys.executable, *waiting, "healer-runner"], OTHER_NAME=SECRET) as renamed,
    ):
        hits = " ".join(found(processes.environments(names)))
    assert f"process {other} " in hits
    assert f"process {ours} " not in hits
    assert f"process {renamed} " in hits


def test_a_process_that_ends_meanwhile_is_passed_over():
    """Reading goes on where processes come and go."""
    assert processes.are_shown()
    with subprocess.Popen(["true"]):
        time.sleep(0.01)
        assert list(processes.command_lines())
