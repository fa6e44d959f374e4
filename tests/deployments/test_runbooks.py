"""README's runbooks, rehearsed with the programs that an operator starts: a real gateway, a real Redis, the command `healer`."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.main import get_command

from desk import Desk
from healer import cli
from localworld import workato
from localworld.intake import WORKATO_KEY, Intake
from localworld.processes import answers
from loopback import NO_TLS

NEW_WORKATO = "whsec_" + base64.b64encode(b"the next key for deliveries, 32 ").decode()
K1 = "k1:" + base64.b64encode(b"v" * 32).decode()
K2 = "k2:" + base64.b64encode(b"w" * 32).decode()


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    """Give gateway and Redis, with neighbours at their smallest."""
    with Intake(tmp_path / "intake") as made:
        yield made


@pytest.fixture
def healer(intake: Intake, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    """Give an operator's desk beside that gateway."""
    settings = {"URL": intake.url, "REDIS_URL": intake.redis.url, "VAULT_KEYS": K1, "WORKATO_KEYS": WORKATO_KEY}
    for name, value in settings.items():
        monkeypatch.setenv(f"HEALER_{name}", value)
    return Desk(monkeypatch, capsys)


def restart(intake: Intake, **settings: str) -> None:
    """Restart the gateway with other settings, as an operator does."""
    intake.gateway.stop()
    intake.gateway.start({f"HEALER_{name}": value for name, value in settings.items()})
    intake.gateway.wait_until(answers(intake.url + "/livez"))


def deliver(intake: Intake, ticket: str, key: str = WORKATO_KEY) -> tuple[int, str]:
    """Deliver a ticket as Workato does; give status and outcome."""
    signed = workato.delivery({"ticket": ticket, "importer": "brightwater"}, key)
    (answer,) = workato.post(f"{intake.url}/v1/hooks/workato", signed)
    return answer.status_code, answer.json().get("outcome") or answer.json()["reason"]


def test_keys_of_workato_and_of_the_vault_change_without_a_stop(
    intake: Intake, healer: Desk, monkeypatch: pytest.MonkeyPatch
):
    """Old and new key hold beside each other until the old one is taken out; nothing that was sealed or sent is lost on the way."""
    fields = json.dumps({"username": "robot-77", "password": "correct-horse"})
    assert healer("credential", "put", "brightwater-main", stdin=fields)[0] == 0
    restart(intake, WORKATO_KEYS=f"{WORKATO_KEY},{NEW_WORKATO}", VAULT_KEYS=f"{K1},{K2}")
    assert deliver(intake, "UTIL-1") == (202, "opened")
    assert deliver(intake, "UTIL-2", NEW_WORKATO) == (202, "opened")
    restart(intake, WORKATO_KEYS=NEW_WORKATO, VAULT_KEYS=f"{K2},{K1}")
    assert deliver(intake, "UTIL-3")[0] == 401
    assert deliver(intake, "UTIL-3", NEW_WORKATO) == (202, "opened")
    monkeypatch.setenv("HEALER_VAULT_KEYS", f"{K2},{K1}")
    assert "1 renewed, 0 gone, 0 unreadable" in healer("credential", "rewrap")[2]
    assert "0 renewed, 0 gone, 0 unreadable" in healer("credential", "rewrap")[2]
    restart(intake, WORKATO_KEYS=NEW_WORKATO, VAULT_KEYS=K2)
    monkeypatch.setenv("HEALER_VAULT_KEYS", K2)
    assert healer("credential", "test", "brightwater-main")[0] == 0


def test_redis_is_restored_from_its_append_only_file(intake: Intake, healer: Desk):
    """What was there at the backup is there again, whole; what came since is taken in anew; no run is doubled."""
    code, token, _ = healer("token", "create", "--scope", "read", "--name", "test")
    assert code == 0
    assert deliver(intake, "UTIL-1") == (202, "opened")
    backup = intake.redis.folder.with_name("backup")
    shutil.copytree(intake.redis.folder, backup)  # as it runs: a copy of a file that is only appended to is whole
    assert deliver(intake, "UTIL-2") == (202, "opened")
    intake.gateway.stop()
    intake.redis.stop()
    shutil.rmtree(intake.redis.folder)
    shutil.copytree(backup, intake.redis.folder)
    intake.redis.start()
    intake.start_gateway()
    assert [show(intake, token, ticket) for ticket in ("UTIL-1", "UTIL-2")] == [200, 404]
    assert deliver(intake, "UTIL-2") == (202, "opened")
    assert deliver(intake, "UTIL-1") == (202, "repeated")
    runs = asked(intake, 2)
    assert sorted(runs) == ["heal:UTIL-1:0", "heal:UTIL-2:0"]


def show(intake: Intake, token: str, ticket: str) -> int:
    headers = {"Authorization": f"Bearer {token.rsplit(maxsplit=1)[-1]}"}
    path = f"{intake.url}/v1/cases/{ticket}"
    return httpx.get(path, headers=headers, verify=NO_TLS, trust_env=False).status_code


def asked(intake: Intake, count: int) -> dict[str, str]:
    """Wait until so many runs were asked of Prefect; give them by key."""
    deadline, runs = time.monotonic() + 15, {}
    while len(runs) < count and time.monotonic() < deadline:
        runs = httpx.get(f"{intake.neighbours_url}/_runs", verify=NO_TLS, trust_env=False).json()["runs"]
        time.sleep(0.05)
    return runs


def test_a_ticket_that_never_came_is_sent_by_hand(intake: Intake):
    """`healer send` is what Workato would have sent; a ticket that came meanwhile is no second case."""
    argv = [Path(sys.executable).parent / "healer", "send", "UTIL-7", "--importer", "brightwater"]
    env = {"PATH": os.environ["PATH"], "HEALER_URL": intake.url, "HEALER_WORKATO_KEYS": WORKATO_KEY}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["outcome"]) == (0, "opened"), done.stderr
    assert deliver(intake, "UTIL-7") == (202, "attached")
    assert list(asked(intake, 1)) == ["heal:UTIL-7:0"]


def test_runbooks_type_commands_that_there_are():
    """Each `healer …` that the README types is a command with these options."""
    text = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    found = re.findall(r"`healer ([a-z][^`]*)`|^    healer ([^#\n]+)", text, re.MULTILINE)
    typed = {" ".join("".join(either).split()) for either in found}
    assert len(typed) > 30
    for line in typed:
        command: Any = get_command(cli.app)
        words = line.split()
        while hasattr(command, "commands") and words and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        # A group is named to list what belongs to it.
        assert not hasattr(command, "commands") or words in ([], ["…"]), line
        known = {option for param in command.params for option in param.opts} | {"--help"}
        assert {word for word in words if word.startswith("--")} <= known, line
