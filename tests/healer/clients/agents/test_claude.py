"""The real Claude Code against a scripted model: that it heals, and how a run ends that does not."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from agent_site import FILE, HEALING, KEY, NEW, OLD, agents_in, bench, changes, edit, make_brief, seen
from flow_site import wait_for
from healer.clients.agents import walls
from healer.clients.agents.claude import _program
from healer.contracts import Ceiling
from healer.errors import Misconfigured, UpstreamError
from localworld.model.script import Step, answer, call, results, text

pytestmark = pytest.mark.agent
ALLOWED = {
    *("PATH", "LANG", "HOME", "PWD", "TMPDIR", "CLAUDE_CONFIG_DIR", "CLAUDE_CODE_TMPDIR", "ANTHROPIC_BASE_URL"),
    *("ANTHROPIC_API_KEY", "API_TIMEOUT_MS", "MAX_STRUCTURED_OUTPUT_RETRIES", "CLAUDE_CODE_MAX_RETRIES"),
    *("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING"),
    *("DISABLE_AUTOUPDATER", "CLAUDE_CODE_SKIP_MCP_DEBUG_LOG_FILES", "CLAUDE_CODE_ENTRYPOINT"),
    *("CLAUDE_AGENT_SDK_VERSION", "CLAUDE_CODE_SDK_READS_SESSION_STATE"),
}


@pytest.fixture
def no_bubblewrap(tmp_path, monkeypatch):
    """Give a host without bubblewrap."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/setpriv").symlink_to("/usr/bin/setpriv")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    walls.strongest.cache_clear()
    yield
    walls.strongest.cache_clear()


def test_a_broken_importer_is_healed(tmp_path, monkeypatch):
    """It reads, asks where the selector went, edits, and answers: one file is changed, and the run says what it cost and did."""
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_of_the_host")
    isolated = walls.strongest(_program()).namespaces  # a container may forbid them
    found = []

    def look(_body):
        found.append(seen(site.model.sessions[0]))
        return HEALING[2]

    with bench(tmp_path, [*HEALING[:2], look, HEALING[3]]) as site:
        said = site.work(require_isolation=isolated)
        assert [change.path for change in changes(site.clone)] == [FILE]
        assert NEW in site.text()
        assert (said.agent, said.not_fixable_because, said.unfinished_because) == ("claude", None, None)
        assert said.changes == (f"{OLD} is {NEW} now",)
        assert 0 < said.spend.usd < 1
        assert (said.spend.turns, said.spend.input_tokens, said.spend.cached_tokens) == (4, 5600, 1600)
        assert f"Edit {FILE}" in site.told
        assert NEW in results(site.model.asked[-1])[1][1]
    assert site.model.paths == {"POST /v1/messages"}
    assert site.model.keys == {KEY}
    ((environment, network),) = found
    assert set(environment) - ALLOWED == set()
    assert environment["ANTHROPIC_API_KEY"] not in {KEY, ""}
    assert (network != str(Path("/proc/self/ns/net").readlink())) is isolated


def test_a_run_that_gives_up_leaves_nothing(tmp_path):
    """Where it says that nothing can be done, what it edited before is not kept."""
    why = "Two tables fit equally well."
    with bench(tmp_path, [*HEALING[:3], answer(not_fixable_because=why)]) as site:
        assert site.work().not_fixable_because == why
        assert changes(site.clone) == []


def opinion(accept, reason="The table is the same one."):
    return call("StructuredOutput", accept=accept, reason=reason)


REVIEWS = {
    "accepted": ([call("Read", file_path=FILE), opinion(accept=True)], None, None),
    "rejected": ([opinion(accept=False, reason="It takes the wrong table.")], "It takes the wrong table.", None),
    "tampering": ([edit(NEW, "x"), call("Write", file_path=FILE, content="x"), opinion(accept=True)], None, None),
    "unending": ([Step([text("Hm.")])] * 3, None, "could not be reviewed"),
}


@pytest.mark.parametrize("name", REVIEWS)
def test_a_change_is_reviewed_before_it_is_handed_in(tmp_path, name):
    """A second session reads the diff and can edit nothing; a rejection is told; without an end nothing is left; both cost."""
    turns, rejected, unfinished = REVIEWS[name]
    sessions = iter([HEALING, turns])
    with bench(tmp_path, ()) as site:
        site.model.script = lambda: iter(next(sessions))
        said = site.work(review=True)
        assert said.rejected_because == rejected
        assert (unfinished or "") in (said.unfinished_because or "")
        assert (said.unfinished_because is None) == (unfinished is None)
        assert [change.path for change in changes(site.clone)] == ([] if unfinished else [FILE])
        assert unfinished or site.text().count(NEW) == 1
        asked = site.model.asked[-1]
        assert f'"{NEW} tbody' in json.dumps(asked["messages"][0]).replace("\\\\", "").replace('\\"', '"')
        assert {tool["name"] for tool in asked["tools"]}.isdisjoint({"Edit", "Write", "Bash"})
        assert len(site.model.sessions) == 2
        assert said.spend.turns == len(site.model.asked)


def test_trouble_of_the_endpoint_is_no_attempt(tmp_path):
    """Overload and a dropped answer are asked again; where the program gives up, it begins anew and heals after all."""
    overload = Step(status=529, headers={"retry-after": "0"})
    sessions = iter([[overload, overload], [*HEALING[:1], Step(drop=True), *HEALING[1:]]])
    with bench(tmp_path, ()) as site:
        site.model.script = lambda: iter(next(sessions))
        assert site.work(pauses_s=(0.0,)).unfinished_because is None
        assert [change.path for change in changes(site.clone)] == [FILE]
        assert any("answers 529; asked again" in line for line in site.told)
        assert any("HTTP 529" in line for line in site.told)


@pytest.mark.parametrize(
    ("status", "error", "reason"), [(529, UpstreamError, "model_unavailable"), (401, Misconfigured, "model_refused")]
)
def test_an_endpoint_that_stays_away_is_an_error(tmp_path, status, error, reason):
    """Overload to the end may pass later; a key that is refused is for an operator. Neither is the agent's answer."""
    with bench(tmp_path, [Step(status=status)] * 9) as site:
        with pytest.raises(error) as raised:
            site.work(cli_retries=0)
        assert raised.value.reason == reason
        assert changes(site.clone) == []


@pytest.mark.parametrize(
    ("turns", "config", "why"),
    [
        ([*HEALING[:3], Step(stall_s=3)], {"silence_s": 1.0}, "said nothing for 1 s"),
        ([*HEALING[:3], Step(wait_s=4)], {"ceiling": Ceiling(usd=1, seconds=2.5)}, "wall clock"),
        (HEALING, {"max_turns": 3}, "max_turns"),
        ([edit("nowhere"), Step([text("")], usage={"output_tokens": 900_000}), *HEALING], {}, "budget_exhausted"),
        ([*HEALING[:1], *[edit("nowhere")] * 9], {}, "stuck: the same call failed alike 3 times: Edit"),
        ([*HEALING[:3], Step([text("Done.")]), Step([text("Done.")])], {}, "no answer of the form"),
        ([*HEALING[:3], *[call("StructuredOutput", diagnosis="")] * 9], {}, "stuck"),
    ],
    ids=["stalled", "slow", "turns", "money", "stuck", "silent", "formless"],
)
def test_a_run_that_does_not_count_leaves_nothing(tmp_path, turns, config, why):
    """Limits, the watchdog and a missing answer end a run: the answer says why, and the clone is as it was."""
    with bench(tmp_path, turns) as site:
        said = site.work(**config)
        assert why in (said.unfinished_because or "")
        assert changes(site.clone) == []


def test_a_host_that_cannot_isolate_is_refused(tmp_path, no_bubblewrap):
    """Without namespaces nothing begins where isolation is required; where it is not, the run says so."""
    with bench(tmp_path, HEALING) as site:
        with pytest.raises(Misconfigured, match="isolation"):
            site.work(require_isolation=True)
        assert site.model.asked == []
        said = site.work()
        assert "NO namespaces" in said.confinement
        assert "NO namespaces" in site.told[0]
        assert [change.path for change in changes(site.clone)] == [FILE]


@pytest.fixture
def open_folder():
    """Give a folder that every uid may pass through."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        yield Path(place)


HOST = """
    import asyncio, sys
    from pathlib import Path
    from pydantic import SecretStr
    from healer.clients.agents.claude import ClaudeAgent, ClaudeConfig
    from healer.contracts import Brief, Ceiling
    from prompts import write
    config = ClaudeConfig(SecretStr("k"), "claude-sonnet-5", Ceiling(usd=1, seconds=60), sys.argv[1], require_isolation=False)
    asyncio.run(ClaudeAgent(config, write).work(Brief.model_validate_json(sys.stdin.read()), Path(sys.argv[2]), lambda step: None))
"""


@pytest.mark.parametrize("isolated", [True, False])
def test_a_dead_host_leaves_no_living_program(tmp_path, open_folder, isolated, request):
    """Where the host is killed in the middle of a turn, its agent dies with it, with and without namespaces."""
    if not isolated:
        request.getfixturevalue("no_bubblewrap")
    with bench(tmp_path, [Step(wait_s=2.5)]) as site:
        argv = [sys.executable, "-c", textwrap.dedent(HOST), site.url, str(site.clone)]
        here = {**os.environ, "TMPDIR": str(open_folder)}
        (tmp_path / "brief").write_text(make_brief().model_dump_json())
        with (tmp_path / "brief").open() as brief:
            host = subprocess.Popen(argv, env=here, cwd=Path(__file__).parents[4], stdin=brief)
        wait_for(lambda: site.model.asked)
        assert agents_in(open_folder)
        host.send_signal(signal.SIGKILL)
        host.wait()
        wait_for(lambda: not agents_in(open_folder), 3)
