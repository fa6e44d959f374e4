"""`healer guard` and `healer relocate`, as an engineer types them."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from desk import Desk
from git_site import git

ROOT = Path(__file__).resolve().parents[2]
IMPORTERS = ROOT / "localworld/importers"
FILE = "lib/gatherers/brightwater.rb"
PAGES = Path(__file__).with_name("pages")


@pytest.fixture
def healer(monkeypatch, capsys):
    return Desk(monkeypatch, capsys)


@pytest.fixture
def clone(tmp_path):
    """Give a clone of the demo importers with one commit."""
    place = tmp_path / "clone"
    shutil.copytree(IMPORTERS, place)
    git("init", "--quiet", "--initial-branch=main", cwd=place)
    return commit(place)


def commit(place):
    git("add", "--all", "--force", cwd=place)
    git("-c", "user.name=x", "-c", "user.email=x@example", "commit", "--quiet", "-m", "x", cwd=place)
    return place


def edit(place, old, new, path=FILE):
    text = (place / path).read_text()
    assert old in text
    (place / path).write_text(text.replace(old, new))
    return commit(place)


def judged(healer, place, *more, importer="brightwater"):
    code, out, _ = healer(
        "guard", "--importer", importer, "--base", "HEAD~1", "--head", "HEAD", "--repository", str(place), *more
    )
    return code, json.loads(out)


def test_an_honest_change_passes(healer, clone):
    """Exit 0, and the judgement names the two commits and what differs; the folder may be one within the clone."""
    edit(clone, "table#bills", "table#statements")
    code, said = judged(healer, clone / "lib")
    assert (code, said["passed"], said["files"], said["refusals"]) == (0, True, [FILE], [])
    assert said["head"] == git("rev-parse", "HEAD", cwd=clone)


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        ("page = follow", 'system("id"); page = follow', FILE, "process"),
        ("min_bills = 6", "min_bills = 0", "importers.toml", "outside_paths"),
        ("task default", "task other", "Rakefile", "protected"),
    ],
)
def test_a_refusal_has_its_code_and_place(healer, clone, old, new, path, code):
    """Exit 1, with a stable code and where it is."""
    edit(clone, old, new, path)
    ended, said = judged(healer, clone)
    assert (ended, said["passed"]) == (1, False)
    assert (code, path) in [(refusal["code"], refusal["path"]) for refusal in said["refusals"]]


def test_what_the_change_says_of_itself_counts_for_nothing(healer, clone):
    """What may change is read from the base: a registry that allows more in the same change allows nothing."""
    own = f'paths = ["{FILE}"]'
    edit(clone, own, f'paths = ["{FILE}", "Rakefile"]', "importers.toml")
    edit(clone, "task default", "task other", "Rakefile")
    ended, out, _ = healer(
        "guard", "--importer", "brightwater", "--base", "HEAD~2", "--head", "HEAD", "--repository", str(clone)
    )
    assert ended == 1
    assert {refusal["path"] for refusal in json.loads(out)["refusals"]} == {"importers.toml", "Rakefile"}


def test_links_modes_and_floods_are_seen_in_the_tree(healer, clone):
    """A link, a mode and a hundred files more are refused; so is a change of nothing."""
    (clone / "lib/passwd").symlink_to("/etc/passwd")
    (clone / FILE).chmod(0o755)
    commit(clone)
    _, said = judged(healer, clone)
    assert {"added", "mode"} <= {refusal["code"] for refusal in said["refusals"]}
    for number in range(101):
        (clone / f"lib/{number}.rb").touch()
    commit(clone)
    ended, said = judged(healer, clone)
    assert (ended, said["refusals"][0]["code"]) == (1, "too_many_changes")
    ended, out, _ = healer(
        "guard", "--importer", "brightwater", "--base", "HEAD", "--head", "HEAD", "--repository", str(clone)
    )
    assert (ended, json.loads(out)["refusals"][0]["code"]) == (1, "empty")


@pytest.mark.parametrize("wrong", [{"importer": "nobody"}, {"base": "nowhere"}, {"head": "--help"}])
def test_what_cannot_be_judged_ends_with_two(healer, clone, wrong):
    """An importer or a revision that there is not is no pass and no refusal; what to do is said in the same form."""
    edit(clone, "table#bills", "table#statements")
    given = {"importer": "brightwater", "base": "HEAD~1", "head": "HEAD", **wrong}
    options = [f"--{name}={value}" for name, value in given.items()]
    code, out, _ = healer("guard", *options, "--repository", str(clone))
    assert (code, json.loads(out)["passed"]) == (2, False)
    assert json.loads(out)["error"]


def test_a_folder_that_is_no_clone_ends_with_two(healer, tmp_path, monkeypatch):
    """Without git there is nothing to judge."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert judged(healer, tmp_path)[0] == 2


def test_the_clones_own_settings_run_nothing(healer, clone, tmp_path):
    """Hooks, filters, diff drivers and file system monitors of a hostile clone are not asked."""
    mark = tmp_path / "ran"
    edit(clone, "table#bills", "table#statements")
    for name in (
        "core.fsmonitor",
        "diff.external",
        "diff.x.textconv",
        "filter.x.smudge",
        "core.pager",
        "core.sshCommand",
    ):
        git("config", name, f"touch {mark}", cwd=clone)
    (clone / ".git/info/attributes").write_text("* diff=x filter=x\n")
    assert judged(healer, clone)[0] == 0
    assert not mark.exists()


# ---------------------------------------------------------------- relocate --jsonl

PAIR = {
    "old_html": (PAGES / "bills_old.html").read_text(),
    "old_selector": "#balance",
    "many": False,
    "new_html": (PAGES / "bills_new.html").read_text(),
}


def lines(*objects):
    return "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in objects)


def test_relocate_answers_line_by_line(healer):
    """One line out for each line in, in order, with no member more; what is gone or malformed is null, and ends nothing."""
    gone = {**PAIR, "id": "gone", "old_selector": "#nothing"}
    code, out, err = healer(
        "relocate", "--jsonl", stdin=lines({**PAIR, "id": 7}, gone, "{", {"id": "x"}, [], {**PAIR, "id": "last"})
    )
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [answer["id"] for answer in answers] == [7, "gone", None, "x", None, "last"]
    assert [answer["selector"] is None for answer in answers] == [False, True, True, True, True, False]
    assert all(set(answer) == {"id", "selector", "confidence"} for answer in answers)
    assert all(0 <= answer["confidence"] <= 1 for answer in answers)
    assert "line 3 is not answered" in err


def test_relocate_flushes_each_line():
    """Who writes one line gets its answer before writing the next."""
    argv = [sys.executable, "-c", "from healer.cli import run; run()", "relocate", "--jsonl"]
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=dict(os.environ)
    ) as child:
        for number in (1, 2):
            child.stdin.write(lines({**PAIR, "id": number}))
            child.stdin.flush()
            assert json.loads(child.stdout.readline())["id"] == number
        child.stdin.close()
    assert child.returncode == 0


def test_relocate_has_one_form(healer):
    """Without --jsonl it is wrong usage."""
    assert healer("relocate")[0] == 2
