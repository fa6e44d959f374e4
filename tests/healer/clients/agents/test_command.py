"""Another agent's command line, played by a shell script, behind the real walls."""

import asyncio
import json
import os
import socket
import tempfile
from pathlib import Path

import pytest
from pydantic import SecretStr

from agent_site import FILE, NEW, OLD, changes, clone_in, leftovers, make_brief
from flow_site import wait_for
from healer.clients.agents import walls
from healer.clients.agents.command import CommandAgent, CommandConfig
from healer.clients.agents.relocate import FirstTry, RelocateAgent
from healer.contracts import Ceiling, Evidence
from healer.errors import Misconfigured
from localworld.model.app import Model
from localworld.model.script import Step, text
from prompts import write
from serving import serving

KEY = "sk-planted-key-of-another-model"
SAID = {
    "diagnosis": "Renamed.",
    "breakage": "selector",
    "files": [FILE],
    "changes": ["table"],
    "confidence": 0.5,
    "not_fixable_because": None,
}
HEAL = f"sed -i 's/{OLD}/{NEW}/' $FILES; "


def agent(script, **config):
    usual = {"argv": ("sh", "-c", script), "ceiling": Ceiling(usd=2, seconds=20), "require_isolation": False}
    return CommandAgent(CommandConfig(**{**usual, **config}), write)


def work(who, clone, **brief):
    told = []
    answer = asyncio.run(who.work(make_brief(**brief), clone, lambda step: told.append(step.line)))
    return answer, told


@pytest.fixture
def clone(tmp_path):
    yield clone_in(tmp_path)
    wait_for(lambda: not leftovers(), 20)


def test_a_command_heals(clone):
    """It finds brief, pages and files by name, edits, and says so; what it costs is nothing where no model was asked."""
    script = (
        HEAL + f"grep -c 'nothing matches' $BRIEF_FILE; ls $PAGES_DIR/now; echo '{json.dumps(SAID)}' > $ANSWER_FILE"
    )
    answer, told = work(agent(script), clone)
    assert [change.path for change in changes(clone)] == [FILE]
    assert (answer.diagnosis, answer.changes, answer.spend.usd) == ("Renamed. (selector)", ("table",), 0)
    assert told[1:3] == ["1", "001.html"]


def test_a_command_reaches_its_model_and_nothing_else(clone, monkeypatch):
    """The model gets the key, the command never has it; where its model answered, the run is booked with its whole ceiling."""
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_of_the_host")
    model = Model(lambda: iter([Step([text("hello")])]))
    ask = (
        "import json,os,urllib.request as u;"
        "u.urlopen(u.Request(os.environ['MODEL_URL']+'/v1/messages',b'{}',{'authorization':'Bearer '+os.environ['MODEL_KEY']}));"
    )
    with serving(lambda _url: model.app) as url:
        answer, told = work(agent(f'python3 -c "{ask}"; env', url=url, key=SecretStr(KEY)), clone)
    assert model.paths == {"POST /v1/messages"}
    assert (answer.spend.usd, answer.spend.turns) == (2, 1)
    assert not [line for line in told if KEY in line or "ghp_" in line]
    assert {line.partition("=")[0] for line in told if line.startswith("HEALER") or "TOKEN" in line} == set()


def test_the_walls_hold(clone, tmp_path):
    """In namespaces there is no file of the host, no process of it, and no network but the way to the model."""
    if not walls.strongest(Path("/usr/bin/dash")).namespaces:
        pytest.skip("this host has no bubblewrap")
    secret = tmp_path / "secret"
    secret.write_text("secret of the host")
    with socket.create_server(("127.0.0.1", 0)) as host:
        port = host.getsockname()[1]
        tries = [
            f"cat {secret} && echo READ",
            "cat /etc/shadow && echo READ",
            f"test -e /proc/{os.getpid()}/environ && tr '\\0' '\\n' < /proc/{os.getpid()}/environ | grep PYTEST && echo PROC",
            f"python3 -c 'import socket; socket.create_connection((\"127.0.0.1\", {port}), 1)' && echo NET",
            "test \"$(ls /proc | grep -c '^[0-9]')\" -gt 9 && echo PIDS",
            "echo x > /usr/bin/x && echo WROTE",
            "id -u",
        ]
        answer, told = work(agent("; ".join(f"({one}) 2>/dev/null" for one in tries) + "; true"), clone)
    assert answer.unfinished_because is None
    assert told[1:] == [str(65534 if os.geteuid() == 0 else os.geteuid())]


@pytest.mark.parametrize(
    ("script", "config", "why"),
    [
        ("exit 3", {}, "ended 3"),
        ("sleep 30", {"silence_s": 0.3}, "said nothing for 0.3 s"),
        ("while :; do echo at work; sleep 0.1; done", {"ceiling": Ceiling(seconds=0.6)}, "wall clock"),
        ("sleep 30 & exec sleep 30", {"silence_s": 0.3}, "said nothing"),
    ],
)
def test_a_command_that_does_not_come_to_its_end_leaves_nothing(clone, script, config, why):
    """A failure, silence and the wall clock end it with all that it started; what it edited is not kept."""
    answer, _ = work(agent(HEAL + script, **config), clone)
    assert why in (answer.unfinished_because or "")
    assert changes(clone) == []


@pytest.mark.parametrize(
    "place", ["ln -s /etc/passwd $ANSWER_FILE", "mkfifo $ANSWER_FILE", "echo nonsense > $ANSWER_FILE", "true"]
)
def test_an_answer_that_is_none_decides_nothing(clone, place):
    """A link, a pipe, nonsense or nothing in the answer's place is no answer; the edit stays for the guard to judge."""
    answer, _ = work(agent(HEAL + place), clone)
    assert "no answer that can be read" in answer.diagnosis
    assert [change.path for change in changes(clone)] == [FILE]


@pytest.mark.parametrize(
    ("word", "rejected", "unfinished"),
    [
        ({"accept": True, "reason": "The same table."}, None, None),
        ({"accept": False, "reason": "It takes the wrong table."}, "It takes the wrong table.", None),
        (SAID, None, "could not be reviewed: the command left no opinion that can be read"),
    ],
)
def test_a_change_is_reviewed_before_it_is_handed_in(clone, word, rejected, unfinished):
    """Run again, the command reads the diff in its brief, owns no file, and may only keep the change back; what it edits then is lost."""
    judge = f"grep -q '^+.*{NEW}' $BRIEF_FILE && echo x > {FILE} && echo '{json.dumps(word)}' > $ANSWER_FILE"
    script = f"if test -n \"$FILES\"; then {HEAL} echo '{json.dumps(SAID)}' > $ANSWER_FILE; else {judge}; fi"
    said, told = work(agent(script, review=True), clone)
    assert (said.rejected_because, said.unfinished_because) == (
        rejected,
        unfinished and f"the change {unfinished}",
    )
    assert [change.path for change in changes(clone)] == ([] if unfinished else [FILE])
    assert unfinished or (clone / FILE).read_text().count(NEW) == 1
    assert "the change is reviewed" in told


def test_links_and_modes_come_back_as_they_are(clone):
    """What the guard must see is not lost on the way: a link is a link, a mode is a mode, a deleted file is gone."""
    script = "chmod +x $FILES; ln -s /etc/passwd lib/passwd; rm -r spec"
    work(agent(script), clone)
    assert (clone / "lib/passwd").readlink() == Path("/etc/passwd")
    assert (clone / FILE).stat().st_mode & 0o111
    assert not (clone / "spec").exists()


def test_without_a_program_there_is_no_agent():
    """A command that is not there is named when the agent is built."""
    for argv in ((), ("no-such-program",)):
        with pytest.raises(Misconfigured, match="HEALER_AGENT_COMMAND"):
            agent("", argv=argv)


def test_what_costs_nothing_tries_first(clone):
    """Relocation heals without the other agent; where the guard refused an attempt, or it has no answer, the other one works."""
    both = FirstTry(RelocateAgent(), agent(f"echo '{json.dumps(SAID)}' > $ANSWER_FILE"))
    assert both.ceiling.usd == 2
    assert work(both, clone)[0].agent == "relocate"
    refused = (Evidence(attempt=1, diff="", refusals=("protected: spec",)),)
    assert work(both, clone, evidence=refused)[0].agent == "command"
    assert work(both, clone, last_good=None)[0].agent == "command"


def test_folders_of_a_dead_host_are_removed(clone):
    """A run removes the folder of a host that died, and none whose host lives."""
    dead = Path(tempfile.mkdtemp(prefix="healer-agent-"))
    (dead / "lock").touch()
    work(agent("true"), clone)
    assert not dead.exists()
