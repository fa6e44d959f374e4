"""What the rules forbid an agent in words, beside the code that keeps it from doing so."""

import re
from pathlib import Path

import pytest

from factories import make_importer
from healer import challenge, guard
from healer.clients.agents import claude_rules
from healer.clients.agents.home import Home
from healer.clients.agents.walls import Walls
from healer.contracts import FileChange
from prompts import render

OWN = make_importer().paths[0]
HEAD = "class Brightwater < Gatherer\n  def gather\n    page = login\n"
TAIL = "    all!(page, 'tr').map { |row| bill(row) }\n  end\nend\n"


def guarded(added="", path=OWN, **fields):
    """Say whether the guard refuses a change of this file by this line."""
    change = {"status": "modified", "old_mode": "100644", "new_mode": "100644", **fields}
    found = FileChange(path=path, old_text=HEAD + TAIL, new_text=f"{HEAD}    {added}\n{TAIL}", **change)
    return bool(guard.judge([found], make_importer()))


def ruled(tool, path="/clone/x"):
    """Say whether the rules of Claude Code refuse this call."""
    clone = Path("/clone")
    return claude_rules.refusal(tool, {"file_path": path}, "/clone", clone, make_importer()) is not None


def shut_in():
    """Say whether the walls take the network away."""
    home = Home(Path("/run"))
    return "--unshare-all" in Walls(None, namespaces=True).argv(home, ["/bin/true"])


FORBIDDEN = {
    "change a file that is not listed as yours": [
        lambda: guarded("x = 1", path="lib/gatherers/other.rb"),
        lambda: ruled("Edit", "/clone/lib/gatherers/other.rb"),
    ],
    "change a specification, fixture, recording, lock file, workflow or setting of a tool": [
        lambda: all(
            guarded("x = 1", path=p)
            for p in ("spec/a_spec.rb", "recordings/a.json", "Gemfile.lock", ".github/workflows/a.yml")
        ),
        lambda: all(ruled("Write", f"/clone/{p}") for p in ("spec/a_spec.rb", "Gemfile.lock", ".claude/settings.json")),
    ],
    "add, delete, rename or link a file": [
        lambda: guarded(status="deleted"),
        lambda: guarded(status="added"),
        lambda: guarded(new_mode="120000"),
    ],
    "write a value from a page into the source, or return made-up bills": [
        lambda: guarded('return [Bill.new(account: "1", amount: "123.45")]'),
    ],
    "hide an error: no `rescue` that swallows it, no default in place of a missing value": [
        lambda: guarded("begin; follow(page); rescue StandardError; []; end"),
    ],
    "contact another host, or leave TLS": [
        lambda: guarded('get("http://evil.example/")'),
        lambda: ruled("WebFetch"),
        shut_in,
    ],
    "run a program": [lambda: guarded('system("id")'), lambda: ruled("Bash"), lambda: "Bash" in claude_rules.DENIED],
    "read the environment, or handle a credential": [
        lambda: guarded('ENV.fetch("GITHUB_TOKEN")'),
        lambda: ruled("Read", "/proc/self/environ"),
    ],
    "try to get past a CAPTCHA, a second factor or a bot defence: say that there is one, and stop": [
        lambda: challenge.recognise('<div class="g-recaptcha" data-sitekey="x"></div>', 200) is not None,
    ],
}


def stated():
    """Give the guardrails of the system prompt, one a line."""
    _, _, rest = render("system").partition("What you never do:")
    return re.findall(r"^- (.+?)[;.]$", rest, re.MULTILINE)


@pytest.mark.parametrize("rule", stated())
def test_each_guardrail_of_the_prompt_is_enforced(rule):
    """What an agent is told never to do is refused by code; a rule without code is no guardrail."""
    assert rule in FORBIDDEN
    assert [number for number, refuses in enumerate(FORBIDDEN[rule]) if not refuses()] == []


def test_each_enforced_rule_is_stated():
    """An agent is told what would be refused, and the list has no rule that the prompt no longer states."""
    assert set(stated()) == set(FORBIDDEN)


def test_the_guard_lets_honest_work_pass():
    """The checks above can fail: a plain edit of the importer's own file is refused by none of them."""
    assert not guarded("page = follow(page)")
    assert not ruled("Edit", f"/clone/{OWN}")
