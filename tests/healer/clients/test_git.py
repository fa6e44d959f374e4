"""The git client against a real remote over smart HTTP."""

import base64
import os
import subprocess
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from flow_site import wait_for
from git_site import TOKEN, git, git_remote
from healer.clients.git import DIFF_LIMIT, Git
from healer.clients.git_command import GitCommand
from healer.clients.git_remote import Login
from healer.clients.git_tree import MAX_CHANGES, TEXT_LIMIT
from healer.errors import Conflict, Misconfigured, PolicyViolation, UpstreamError
from serving import serving

AUTHOR, WHEN = "Importer Healer <importer-healer@users.noreply.github.com>", datetime(2026, 11, 24, 10, tzinfo=UTC)
BRANCH, SOURCE = "heal/UTIL-101", "lib/gatherers/brightwater.rb"


class Place:
    """A client, its remote, and the head of `main`."""

    def __init__(self, remote, url, folder):
        self.remote, self.url, self.folder = remote, url, folder
        self.git = self.client()
        self.git.fetch()
        self.base = self.git.head("main")

    def client(self, token=TOKEN, **options):
        """Give another client of the same mirror."""
        return Git(self.url, self.folder, token=lambda: SecretStr(token), **options)

    def commit(self, text="healed\n", when=WHEN, key=None):
        """Commit a source of this text on the base, signed where there is a key."""
        with self.git.worktree(self.base) as tree:
            (tree / SOURCE).write_text(text)
            return self.git.commit(tree, self.base, "Heal brightwater\n", AUTHOR, when, key)


@pytest.fixture
def place(tmp_path):
    with git_remote(tmp_path) as (remote, url):
        yield Place(remote, url, tmp_path / "work")


def raised(kind, call, *args, **kwargs):
    with pytest.raises(kind) as caught:
        call(*args, **kwargs)
    return caught.value


def by_path(changes):
    return {change.path: change for change in changes}


def files_below(folder: Path):
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


# ---------------------------------------------------------------- the mirror


def test_a_fetch_brings_heads_and_files(place):
    """After a fetch the heads of branches and the files of commits are there."""
    assert place.base == place.remote.head("main")
    assert place.git.read(place.base, SOURCE) == 'page.css("table#bills tbody tr")\n'


def test_what_is_not_there_is_none(place):
    """A branch or file that does not exist is None; so is a file that is no text."""
    assert place.git.head("nowhere") is None
    assert place.git.read(place.base, "nowhere.rb") is None
    assert place.git.read(place.base, "blob.bin") is None


def test_a_fetch_follows_force_pushes_and_deletions(place):
    """The mirror's heads are the remote's, also where one was rewritten or deleted."""
    git("branch", "other", "main", cwd=place.remote.bare)
    place.git.fetch()
    assert place.git.head("other") == place.base
    git("branch", "-D", "other", cwd=place.remote.bare)
    place.git.fetch()
    assert place.git.head("other") is None


def test_two_processes_may_fetch_at_once(place):
    """A lock keeps concurrent fetches of one mirror apart."""
    failed = []

    def fetch():
        try:
            place.client().fetch()
        except UpstreamError as error:
            failed.append(error)

    threads = [threading.Thread(target=fetch) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_objects_are_borrowed_from_a_clone(place, tmp_path):
    """With a reference the mirror holds no copy of what the clone has."""
    clone = tmp_path / "clone"
    git("clone", "-q", str(place.remote.bare), str(clone), cwd=tmp_path)
    borrower = Git(place.url, tmp_path / "borrower", token=lambda: SecretStr(TOKEN), reference=clone)
    borrower.fetch()
    own = files_below(tmp_path / "borrower/mirror.git/objects")
    assert [path.name for path in own] == ["alternates"]
    assert borrower.read(borrower.head("main"), SOURCE)


def test_a_reference_that_is_no_clone_is_misconfigured(place, tmp_path):
    """A wrong reference is an operator's matter and says so."""
    error = raised(Misconfigured, Git(place.url, tmp_path / "x", reference=tmp_path / "nowhere").fetch)
    assert error.reason == "reference"


# ---------------------------------------------------------------- the login


def test_a_wrong_token_is_unauthorized(place):
    """A refused login is `unauthorized` and asks nobody for another."""
    assert raised(UpstreamError, place.client("ghs_wrong_wrong_wrong_wrong").fetch).reason == "unauthorized"


def test_the_token_is_in_no_argument_address_file_or_error(place):
    """The token travels by environment alone."""
    head = place.commit()
    place.remote.hook("pre-receive", f"echo the token is {TOKEN}; exit 1\n")
    error = raised(UpstreamError, place.git.push, head, BRANCH, None)
    basic = base64.b64encode(f"x-access-token:{TOKEN}".encode())
    shown = "".join(traceback.format_exception(error)) + repr(place.git) + repr(vars(place.git))
    argv = b"\n".join(line for line in place.remote.command_lines if b"git" in line)
    kept = b"".join(path.read_bytes() for path in files_below(place.folder))
    assert place.url.encode() in argv
    for secret in (TOKEN.encode(), basic):
        assert secret not in argv + kept + shown.encode()


def test_a_login_in_the_url_is_refused():
    """A URL with a login is misconfigured, and the error does not repeat it."""
    error = raised(Misconfigured, Git, "https://user:hunter2hunter2@github.example/a.git", Path("/nowhere"))
    assert (error.reason, "hunter2" in str(error)) == ("login_in_url", False)


def test_a_redirect_gets_no_login(place):
    """Where the remote redirects, the login does not go along."""
    with git_remote(place.folder / "elsewhere") as (other, url):
        place.remote.redirect = url.removesuffix("/importers.git")
        assert raised(UpstreamError, place.git.fetch).reason == "unavailable"
        assert other.seen == []


def test_ssh_uses_the_deploy_key_and_nothing_of_the_users():
    """SSH takes our key, our known hosts and no configuration; it never asks."""
    command = Login(ssh_key=Path("/keys/it's one"), known_hosts=Path("/home/known_hosts")).environment()[
        "GIT_SSH_COMMAND"
    ]
    assert command.startswith("""ssh -F /dev/null -i '/keys/it'"'"'s one' """)
    for option in (
        "IdentitiesOnly=yes",
        "BatchMode=yes",
        "StrictHostKeyChecking=accept-new",
        "UserKnownHostsFile=/home/known_hosts",
    ):
        assert f"-o {option}" in command


@pytest.mark.parametrize("url", ["ext::sh -c true", "file:///etc", "git://127.0.0.1/x.git"])
def test_only_the_protocol_of_the_url_is_spoken(place, url):
    """A protocol other than the configured one is not allowed, whoever asks for it."""
    command = GitCommand(place.folder / "mirror.git", place.folder / "home", "https", 5)
    done = command.run("ls-remote", "--", url)
    assert done.code != 0
    assert "not allowed" in done.err


def test_the_callers_environment_does_not_reach_git(place, monkeypatch, tmp_path):
    """Variables and configuration of the process have no influence."""
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".gitconfig").write_text("[core]\n\thooksPath = /evil\n[user\n broken")
    place.git.fetch()
    assert not (tmp_path / "trace").exists()


# ---------------------------------------------------------------- trees


def test_a_worktree_is_a_plain_folder_with_every_file(place):
    """A worktree has all files with their modes and links, no `.git`, and is gone afterwards."""
    with place.git.worktree(place.base) as tree:
        assert sorted(path.name for path in tree.iterdir()) == [
            ".gitattributes",
            ".gitignore",
            "bin",
            "blob.bin",
            "ignored.log",
            "lib",
            "link",
            "recordings",
        ]
        assert (tree / "recordings/brightwater.json").exists()
        assert os.access(tree / "bin/fetch", os.X_OK)
        assert (tree / "link").readlink() == Path("lib")
        assert place.git.changes(tree, place.base) == ()
    assert not tree.exists()


def test_every_kind_of_change_is_reported(place):
    """Texts, modes, links, types, binaries and ignored files are all seen."""
    with place.git.worktree(place.base) as tree:
        (tree / SOURCE).write_text("healed\n")
        (tree / "bin/fetch").chmod(0o644)
        (tree / "ignored.log").unlink()
        (tree / "out").mkdir()
        (tree / "out/new.log").write_text("new\n")
        (tree / "link").unlink()
        (tree / "link").write_text("lib")
        (tree / "passwords").symlink_to("/etc/passwd")
        (tree / "blob.bin").write_bytes(b"\xff\xfe\x00")
        changes = by_path(place.git.changes(tree, place.base))
    assert {p: c.status for p, c in changes.items()} == {
        SOURCE: "modified",
        "bin/fetch": "modified",
        "ignored.log": "deleted",
        "out/new.log": "added",
        "link": "type_changed",
        "passwords": "added",
        "blob.bin": "modified",
    }
    source, mode, link = changes[SOURCE], changes["bin/fetch"], changes["passwords"]
    assert (source.old_text, source.new_text, source.size) == ('page.css("table#bills tbody tr")\n', "healed\n", 7)
    assert (mode.old_mode, mode.new_mode, mode.old_text) == ("100755", "100644", "#!/bin/sh\n")
    assert (link.old_mode, link.new_mode, link.new_text) == ("000000", "120000", "/etc/passwd")
    assert (changes["link"].old_mode, changes["link"].new_mode) == ("120000", "100644")
    assert (changes["blob.bin"].binary, changes["blob.bin"].new_text, changes["blob.bin"].size) == (True, None, 3)
    assert (changes["ignored.log"].new_mode, changes["ignored.log"].new_text) == ("000000", None)


def test_a_file_too_large_to_read_counts_as_binary(place):
    """Beyond the limit a text is not carried, its size is."""
    with place.git.worktree(place.base) as tree:
        (tree / "big.rb").write_text("x" * (TEXT_LIMIT + 1))
        (change,) = place.git.changes(tree, place.base)
    assert (change.binary, change.new_text, change.size) == (True, None, TEXT_LIMIT + 1)


@pytest.mark.parametrize("name", [".git", ".GIT", "lib/.git"])
@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_a_repository_within_the_tree_is_refused(place, name, kind):
    """Nothing called `.git`, in any case, is read by our git."""
    with place.git.worktree(place.base) as tree:
        path = tree / name
        if kind == "folder":
            git("init", "-q", str(path.parent / "nested"), cwd=tree)
            (path.parent / "nested/.git").rename(path)
        elif kind == "file":
            path.write_text("gitdir: /etc\n")
        else:
            path.symlink_to("/etc")
        for call in (place.git.changes, place.git.diff):
            assert raised(PolicyViolation, call, tree, place.base).reason == "nested_repository"
        assert (
            raised(PolicyViolation, place.git.commit, tree, place.base, "m", AUTHOR, WHEN).reason == "nested_repository"
        )


@pytest.mark.parametrize("name", ["git~1", ".g\u200cit"])
def test_what_git_would_not_take_is_a_violation_and_not_a_failure_of_ours(place, name):
    """Names that other file systems read as `.git` are the agent's doing."""
    with place.git.worktree(place.base) as tree:
        (tree / name).write_text("x")
        assert raised(PolicyViolation, place.git.changes, tree, place.base).reason == "unreadable_tree"


def test_a_flood_of_changes_is_refused(place):
    """More changed files than the limit are a violation, not a list."""
    with place.git.worktree(place.base) as tree:
        for n in range(MAX_CHANGES + 1):
            (tree / f"f{n}").write_text("x")
        assert raised(PolicyViolation, place.git.changes, tree, place.base).reason == "too_many_changes"


def test_a_flood_of_text_is_refused_as_a_diff(place):
    """A diff beyond its limit is a violation, never a part of a diff."""
    with place.git.worktree(place.base) as tree:
        (tree / "big.rb").write_text("x\n" * DIFF_LIMIT)
        assert raised(PolicyViolation, place.git.diff, tree, place.base).reason == "diff_too_large"


def test_looking_at_a_tree_leaves_the_mirror_as_it_was(place):
    """Unjudged work never becomes an object of the mirror."""
    before = files_below(place.folder / "mirror.git")
    with place.git.worktree(place.base) as tree:
        (tree / SOURCE).write_text("evil\n")
        place.git.changes(tree, place.base)
        place.git.diff(tree, place.base)
    assert files_below(place.folder / "mirror.git") == before


def test_no_program_named_by_the_tree_or_the_mirror_runs(place, tmp_path):
    """Hooks, filters and diff drivers are not executed."""
    proof, script = tmp_path / "ran", "#!/bin/sh\ntouch {0}\ncat\n"
    hooks = place.folder / "mirror.git/hooks"
    hooks.mkdir()
    for name in ("post-index-change", "reference-transaction", "pre-push", "post-checkout", "pre-commit"):
        (hooks / name).write_text(script.format(proof))
        (hooks / name).chmod(0o755)
    with place.git.worktree(place.base) as tree:
        (tree / ".gitattributes").write_text("* filter=evil diff=evil merge=evil\n")
        (tree / ".gitconfig").write_text(f'[filter "evil"]\n\tclean = touch {proof}\n\trequired = true\n')
        (tree / SOURCE).write_text("healed\n")
        place.git.diff(tree, place.base)
        head = place.git.commit(tree, place.base, "m", AUTHOR, WHEN)
    place.git.push(head, BRANCH, None)
    place.git.fetch()
    assert not proof.exists()


def test_attributes_hide_nothing_from_the_diff(place):
    """A file marked `-diff` is shown like any other."""
    with place.git.worktree(place.base) as tree:
        (tree / "recordings/brightwater.json").write_text('{"version": 2}\n')
        assert '+{"version": 2}' in place.git.diff(tree, place.base)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=60))
def test_a_diff_applied_to_its_base_gives_the_same_changes(place, text):
    """A stored diff of texts is as good as the tree it came from."""
    with place.git.worktree(place.base) as tree:
        (tree / SOURCE).write_text(text, newline="")
        (tree / "lib/new.rb").write_text(text, newline="")
        diff, changes = place.git.diff(tree, place.base), place.git.changes(tree, place.base)
    with place.git.worktree(place.base) as tree:
        place.git.apply(tree, diff)
        assert place.git.changes(tree, place.base) == changes


def test_a_diff_for_another_base_is_a_conflict(place):
    """A diff that does not apply is a conflict; the tree is left as it was."""
    with place.git.worktree(place.base) as tree:
        (tree / SOURCE).write_text("healed\n")
        diff = place.git.diff(tree, place.base)
        assert raised(Conflict, place.git.apply, tree, diff).reason == "diff_does_not_apply"
        assert (tree / SOURCE).read_text() == "healed\n"


@pytest.mark.parametrize("path", ["../outside", "/nowhere/outside", "link/../../outside", ".git/config"])
def test_a_diff_writes_nothing_outside_the_tree(place, path):
    """A stored diff cannot name a place outside the tree."""
    diff = f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n"
    with place.git.worktree(place.base) as tree:
        raised(Conflict, place.git.apply, tree, diff)
        assert not (tree.parent / "outside").exists()


# ---------------------------------------------------------------- commit and push


def test_a_commit_is_a_function_of_its_inputs(place):
    """The same content, parent, message, author and time give the same sha; another time another."""
    assert place.commit() == place.commit()
    assert place.commit() != place.commit(when=WHEN + timedelta(seconds=1))
    assert place.commit() != place.commit("other\n")


def test_a_commit_holds_exactly_the_judged_changes(place):
    """A commit's difference from its parent is what was judged; its people and time are what was said."""
    head = place.commit()
    mirror = place.folder / "mirror.git"
    assert git("diff-tree", "-r", "--name-only", place.base, head, cwd=mirror) == SOURCE
    shown = git("log", "-1", "--format=%P|%an <%ae>|%cn <%ce>|%aI|%cI|%s", head, cwd=mirror)
    assert (
        shown == f"{place.base}|{AUTHOR}|{AUTHOR}|2026-11-24T10:00:00+00:00|2026-11-24T10:00:00+00:00|Heal brightwater"
    )


def test_an_author_of_another_form_is_misconfigured(place):
    """An author must be `Name <address>`."""
    with place.git.worktree(place.base) as tree:
        assert raised(Misconfigured, place.git.commit, tree, place.base, "m", "nobody", WHEN).reason == "git_author"


def test_a_push_makes_the_branch_and_a_repeat_sends_nothing(place):
    """The second push of the same commit is none."""
    head = place.commit()
    place.git.push(head, BRANCH, None)
    assert place.remote.head(BRANCH) == head
    place.remote.seen.clear()
    place.git.push(head, BRANCH, None)
    assert not [line for line in place.remote.seen if "git-receive-pack" in line]


def test_a_push_over_the_expected_head_replaces_it(place):
    """A later attempt replaces the branch's head that it knows."""
    first, second = place.commit("first\n"), place.commit("second\n")
    place.git.push(first, BRANCH, None)
    place.git.push(second, BRANCH, first)
    assert place.remote.head(BRANCH) == second


@pytest.mark.parametrize("expected", ["none", "other"])
def test_a_push_over_somebody_elses_work_is_refused(place, expected):
    """A branch whose head is not the expected one is left alone."""
    theirs, ours = place.commit("theirs\n"), place.commit("ours\n")
    place.git.push(theirs, BRANCH, None)
    error = raised(UpstreamError, place.git.push, ours, BRANCH, None if expected == "none" else place.base)
    assert (error.service, error.reason) == ("git", "push_refused")
    assert place.remote.head(BRANCH) == theirs


def test_a_refusal_carries_the_remotes_reason_short_and_redacted(place):
    """What the remote said is in the error, cut and without secrets."""
    place.remote.hook("pre-receive", f"echo GH006: protected branch {TOKEN}; yes noise | head -c 4000; exit 1\n")
    error = raised(UpstreamError, place.git.push, place.commit(), BRANCH, None)
    assert error.reason == "push_refused"
    assert "GH006: protected branch ***" in error.what
    assert len(error.what) < 400


def test_a_push_that_another_one_overtook_with_the_same_commit_is_done(place):
    """A repeat that is refused because the push before it lands at that moment has nothing left to do."""
    head = place.commit()
    place.remote.hook("update", 'git update-ref "$1" "$3"; exit 1\n')
    place.git.push(head, BRANCH, None)
    assert place.remote.head(BRANCH) == head


def test_a_push_forbidden_without_a_word_may_be_tried_again(place):
    """GitHub says why it forbids a push; where it says nothing, its limits are meant."""
    head = place.commit()
    place.remote.before = 403
    assert raised(UpstreamError, place.git.push, head, BRANCH, None).reason == "unavailable"


def test_a_push_whose_answer_got_lost_is_found_done(place):
    """After a lost answer the branch is looked at: it has come, and nothing is sent again."""
    head = place.commit()
    place.remote.after = 502
    place.git.push(head, BRANCH, None)
    assert place.remote.head(BRANCH) == head


# ---------------------------------------------------------------- limits


def command_lines() -> Iterator[bytes]:
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield process.read_bytes()


def test_a_call_that_takes_too_long_ends_with_its_children(place):
    """The wall clock ends git and the transports that it started."""
    place.remote.delay_s = 1.0
    error = raised(UpstreamError, place.client(wall_s=0.3).fetch)
    assert error.reason == "timed_out"
    wait_for(
        lambda: not [line for line in command_lines() if place.url.encode() in line], 10
    )  # the kernel buries in its own time


def test_output_is_capped(place):
    """More output than allowed ends the call."""
    command = GitCommand(place.folder / "mirror.git", place.folder / "home", "https", 5)
    assert (
        raised(UpstreamError, command.run, "cat-file", "blob", f"{place.base}:blob.bin", limit=10).reason
        == "output_too_large"
    )


def test_a_remote_that_is_gone_is_unavailable(tmp_path):
    """A dead remote is `unavailable`, and retryable."""
    with serving(lambda _url: None) as url:
        pass
    error = raised(UpstreamError, Git(f"{url}/importers.git", tmp_path).fetch)
    assert (error.reason, error.retryable) == ("unavailable", True)


# ---------------------------------------------------------------- signed commits


def signing_key(folder: Path, kind: str = "ed25519") -> tuple[SecretStr, Path]:
    """Make an SSH key; give it, and git's file of who may sign."""
    key, allowed = folder / "key", folder / "allowed"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "healer", "-f", str(key)], check=True)
    allowed.write_text(f"importer-healer@users.noreply.github.com {key.with_suffix('.pub').read_text()}")
    return SecretStr(key.read_text()), allowed


def test_commit_is_signed_where_a_key_is_set(place, tmp_path):
    """Git itself verifies the signature; made again it is the same commit, and the key lies nowhere afterwards."""
    key, allowed = signing_key(tmp_path)
    sha = place.commit(key=key)
    assert (place.commit(key=key), place.commit() == sha) == (sha, False)
    checked = ["-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-commit", "-v", sha]
    told = subprocess.run(
        ["git", *checked], cwd=place.folder / "mirror.git", capture_output=True, text=True, check=False
    )
    assert (told.returncode, 'Good "git" signature for importer-healer@' in told.stderr) == (0, True)
    line = key.get_secret_value().splitlines()[2]
    held = [path for path in place.folder.rglob("*") if path.is_file() and line.encode() in path.read_bytes()]
    assert held == []


def test_key_that_cannot_sign_is_told_without_being_shown(place):
    """A broken key stops the commit, and no error quotes it; without a key nothing is signed."""
    broken = SecretStr("-----BEGIN OPENSSH PRIVATE KEY-----\nplantedplantedplanted\n-----END OPENSSH PRIVATE KEY-----")
    error = raised(Misconfigured, place.commit, key=broken)
    assert (error.reason, "plantedplanted" in str(error)) == ("git_signing_key", False)
    assert "gpgsig" not in git("cat-file", "commit", place.commit(), cwd=place.folder / "mirror.git")
