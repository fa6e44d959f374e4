"""Docker as the gate uses it: a build that runs nothing of the tree, a container that can do little and keeps its login to itself."""

import json
import os
import re
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import SecretStr

from gate_runner import BASE_IMAGE
from healer.clients.container import OUTPUT_MAX, Containers, Job
from healer.errors import UpstreamError

pytestmark = pytest.mark.docker
DOCKERFILE = Path(__file__).resolve().parents[3] / "actions/rake-fetch/Dockerfile"
PASSWORD = 'Zq9-unheard\'of "value"\nwith a second line & $HOME'


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


@pytest.fixture
def make_job(out):
    def make(script, **fields):
        name = f"healer-test-{os.getpid()}-{time.monotonic_ns()}"
        given = {
            "env": {"PORTAL_URL": "http://portal"},
            "login": {"PORTAL_PASSWORD": SecretStr(PASSWORD)},
            "seconds": 20,
        }
        return Job(
            **{"name": name, "image": BASE_IMAGE, "command": ("sh", "-c", script), "out": out, **given, **fields}
        )

    return make


def exists(name):
    return subprocess.run(["docker", "inspect", name], capture_output=True, check=False).returncode == 0


@pytest.fixture
def build():
    """Give a build that leaves no image behind."""
    names = []

    def make(tree, base=BASE_IMAGE):
        names.append(f"healer-test-{os.getpid()}-{time.monotonic_ns()}")
        return Containers().build(tree, DOCKERFILE, base, names[-1])

    yield make
    for name in names:
        Containers().discard(name)


def image_id(name):
    argv = ["docker", "image", "inspect", "--format", "{{.Id}}", name]
    return subprocess.run(argv, capture_output=True, check=False, text=True).stdout.strip()


def test_the_image_holds_the_tree_and_ran_nothing_of_it(tmp_path, make_job, build):
    """The tree is copied as it is; its own Dockerfile, .dockerignore and .git mean nothing."""
    tree = tmp_path / "tree"
    (tree / ".git").mkdir(parents=True)
    (tree / ".git" / "config").write_text("x")
    (tree / "lib").mkdir()
    (tree / "lib" / "a.rb").write_text("puts 1")
    (tree / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nRUN touch /owned\n")
    (tree / ".dockerignore").write_text("*\n")
    image = build(tree)
    ended = Containers().run(make_job("exec 2>&1; pwd; find . -type f | sort; ls /owned", image=image))
    assert ended.output.decode().splitlines()[:4] == ["/app", "./.dockerignore", "./Dockerfile", "./lib/a.rb"]
    assert "cannot access '/owned'" in ended.output.decode()


def test_the_same_tree_gives_the_same_image(tmp_path, build):
    """Times and modes of the checkout do not matter."""
    images = set()
    for umask in (0o022, 0o077):
        tree = tmp_path / str(umask)
        tree.mkdir()
        (tree / "Rakefile").write_text("task :fetch")
        (tree / "Rakefile").chmod(0o666 & ~umask)
        os.utime(tree / "Rakefile", (umask, umask))
        images.add(image_id(build(tree)))
    assert len(images) == 1


def test_an_image_stays_until_its_last_name_is_discarded(tmp_path, build):
    """Two runs on one tree share an image; the first to end takes it from neither, the last leaves nothing."""
    (tmp_path / "Rakefile").write_text(f"# {time.monotonic_ns()}")
    first, second = build(tmp_path), build(tmp_path)
    made = image_id(first)
    Containers().discard(first)
    assert (image_id(first), image_id(second)) == ("", made)
    Containers().discard(second)
    assert image_id(made) == ""


def test_a_missing_base_image_is_the_engines_failure(tmp_path, build):
    """A build that cannot be made raises `build_failed`, whatever the tree holds."""
    with pytest.raises(UpstreamError) as caught:
        build(tmp_path, "healer-no-such-image:none")
    assert (caught.value.service, caught.value.reason) == ("docker", "build_failed")


def test_the_login_arrives_by_standard_input_unharmed(make_job):
    """Quotes, dollars and line ends in a value reach the program; nothing is left to read on its standard input."""
    ended = Containers().run(make_job('printf "%s|" "$PORTAL_PASSWORD" "$PORTAL_URL" "$(cat)"'))
    assert ended.output.decode() == f"{PASSWORD}|http://portal||"
    assert ended.exit_code == 0


@pytest.fixture
def committed():
    """Give the name that a commit of a running container gets, and remove the image afterwards."""
    name = f"healer-test-commit-{os.getpid()}-{time.monotonic_ns()}"
    yield name
    subprocess.run(["docker", "image", "rm", "--force", name], capture_output=True, check=False)


def docker(*arguments):
    return subprocess.run(["docker", *arguments], capture_output=True, check=True).stdout


def holders(name):
    """Give the processes of this machine in whose command line or environment (`name`) the password is."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if b"Zq9-unheard" in (process / name).read_bytes():
                yield process


def test_while_it_runs_the_login_is_in_the_fetch_alone(make_job, committed):
    """No command line, inspection, commit, layer or file of the engine holds it, no environment but that of what was to run."""
    job = make_job("touch /out/up; sleep 5")
    running = threading.Thread(target=Containers().run, args=(job,))
    running.start()
    deadline = time.monotonic() + 10
    while not (job.out / "up").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    told = docker("inspect", job.name)
    docker("commit", job.name, committed)
    told += docker("image", "inspect", committed) + docker("history", "--no-trunc", committed)
    with suppress(OSError):
        place = Path("/var/lib/docker/containers", json.loads(docker("inspect", job.name))[0]["Id"])
        told += b"".join(path.read_bytes() for path in place.rglob("*") if path.is_file())
    changed = docker("diff", job.name)
    in_argv, in_environ = list(holders("cmdline")), list(holders("environ"))
    users = {re.search(r"^Uid:\s+(\d+)", (process / "status").read_text(), re.MULTILINE)[1] for process in in_environ}
    running.join()
    assert b"Zq9-unheard" not in told
    assert b"Config" in told
    assert set(changed.splitlines()) <= {
        b"A /app",
        b"A /out",
        b"C /usr",
        b"C /usr/sbin",
        b"A /usr/sbin/docker-init",
    }  # mounts, and where it works
    assert in_argv == []
    assert users == {"65534"}
    assert not exists(job.name)


def test_a_container_can_do_little(make_job):
    """It has no capability, no way to new ones, a read-only root, limits, and nobody's user id."""
    job = make_job("id -u; touch /x; grep -E 'CapEff|NoNewPrivs' /proc/self/status; echo 1 >/tmp/x; sleep 1")
    found = {}

    def look():
        deadline = time.monotonic() + 10
        while not found and time.monotonic() < deadline:
            done = subprocess.run(["docker", "inspect", job.name], capture_output=True, check=False)
            if done.returncode == 0:
                found.update(json.loads(done.stdout)[0]["HostConfig"])

    looking = threading.Thread(target=look)
    looking.start()
    ended = Containers().run(job)
    looking.join()
    said = ended.output.decode()
    assert "65534" in said.splitlines()
    assert "CapEff:\t0000000000000000" in said
    assert "NoNewPrivs:\t1" in said
    assert "Read-only file system" in said
    assert (found["ReadonlyRootfs"], found["PidsLimit"], found["Memory"]) == (True, 128, 512 << 20)
    assert (found["MemorySwap"], found["NanoCpus"], found["LogConfig"]["Type"]) == (512 << 20, 10**9, "none")
    assert (found["CapDrop"], found["Privileged"], found["Init"]) == (["ALL"], False, True)


def test_the_wall_clock_ends_a_container(make_job):
    """A container that outlives its seconds has no exit code and is gone."""
    job = make_job("echo begun; sleep 30", seconds=1.5)
    begun = time.monotonic()
    ended = Containers().run(job)
    assert (ended.exit_code, ended.output) == (None, b"begun\n")
    assert time.monotonic() - begun < 10
    assert not exists(job.name)


@pytest.mark.parametrize("code", [3, 125, 127])
def test_an_exit_code_is_the_programs_own(make_job, code):
    """Also codes that Docker's command line uses for itself are told as the program gave them."""
    assert Containers().run(make_job(f"exit {code}")).exit_code == code


def test_memory_has_an_end(make_job):
    """A container that reaches its memory limit is killed and says so."""
    ended = Containers().run(make_job("ruby -e 'x = []; loop { x << \"a\" * (8 << 20) }'"))
    assert ended.out_of_memory
    assert ended.exit_code != 0


@pytest.mark.parametrize(
    "script",
    ["n=0; while :; do n=$((n+1)); head -c 60000000 /dev/zero > /out/$n; done", "touch $(seq -f /out/%g 20001)"],
)
def test_room_has_an_end(make_job, script):
    """A container that fills its writable directory is ended, also where it has just ended itself, and is said to have done so."""
    ended = Containers().run(make_job(script))
    assert (ended.out_of_room, ended.exit_code) == (True, 137)


def test_output_has_an_end(make_job):
    """Of much output the last part is kept."""
    ended = Containers().run(make_job("head -c 3000000 /dev/zero | tr '\\0' a; echo end"))
    assert len(ended.output) == OUTPUT_MAX
    assert ended.output.endswith(b"aend\n")


def test_a_container_that_cannot_start_is_the_engines_failure(make_job):
    """An image that is not there raises an error and leaves no container."""
    job = make_job("true", image="healer-no-such-image:none")
    with pytest.raises(UpstreamError) as caught:
        Containers().run(job)
    assert caught.value.reason == "create_failed"
    assert not exists(job.name)


def test_what_it_writes_can_be_read_and_removed_by_the_runner(make_job, out):
    """Files and directories that a container makes are open to the user that started it."""
    Containers().run(make_job("mkdir /out/a; echo 1 >/out/a/b"))
    assert (out / "a").stat().st_mode & 0o777 == 0o777
    assert (out / "a" / "b").stat().st_mode & 0o777 == 0o666
