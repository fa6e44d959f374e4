"""The door to the importers repository: a bare mirror, plain trees for the agent, commits that are functions of their content.

The agent gets a plain folder without `.git`: there is no remote, no configuration, no hook and no index in it that it could
change, and nothing in it is ever executed or asked by our git. Its work is compared by hashing it into a quarantine beside the
mirror; the mirror takes objects only from the remote and from `commit`, after the guard has judged.
"""

import fcntl
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pydantic import SecretStr

from healer.clients.git_command import OUTPUT_LIMIT, GitCommand, Output
from healer.clients.git_remote import Login, Remote, checked, protocol, short
from healer.clients.git_signing import signing
from healer.clients.git_tree import changes_between, refuse_unreadable, text_at
from healer.contracts import FileChange, Sha
from healer.errors import Conflict, Misconfigured, PolicyViolation, UpstreamError
from healer.redact import Redactor

DIFF_LIMIT: Final = 512 * 1024
_AUTHOR: Final = re.compile(r"([^<>\n]+) <([^<>\s]+)>")


class Git:
    """The importers repository. `token` gives a fresh one for each call to the remote; `ssh_key` is a deploy key's file.

    `reference` is an existing clone to borrow objects from; it must live as long as the mirror does.
    Every method raises UpstreamError (service `git`): `unavailable`, `unauthorized`, `timed_out`, `git_failed`.
    """

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        token: Callable[[], SecretStr] | None = None,
        ssh_key: Path | None = None,
        reference: Path | None = None,
        wall_s: float = 120.0,
    ) -> None:
        self._folder, self._reference, self._wall_s = folder, reference, wall_s
        self._mirror, self._redactor = folder / "mirror.git", Redactor()
        self._command = GitCommand(self._mirror, folder / "home", protocol(url), wall_s)
        login = Login(token, ssh_key, folder / "known_hosts")
        self._remote = Remote(checked(url), self._command, login, self._redactor)

    # ------------------------------------------------------------ the mirror

    def fetch(self) -> None:
        """Bring the mirror's branches to what the remote has; make the mirror where there is none.

        Raises: Misconfigured where `reference` is no clone.
        """
        with self._alone():
            self._local("init", "--quiet", "--bare", "--template=", str(self._mirror))
            if self._reference:
                (self._mirror / "objects/info/alternates").write_text(f"{_objects(self._reference)}\n")
            self._remote.fetch()

    def head(self, branch: str) -> Sha | None:
        """Give the head of a branch as of the last fetch; None where there is no such branch."""
        done = self._command.run("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}")
        return done.out.decode().strip() or None

    def read(self, sha: Sha, path: str) -> str | None:
        """Give a file's text at a commit; None where it has no such file, or one that is not UTF-8."""
        return text_at(self._command, sha, path)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes with the same mirror out.

        Raises: UpstreamError `timed_out`.
        """
        (self._folder / "home").mkdir(parents=True, exist_ok=True)
        deadline = time.monotonic() + self._wall_s
        with (self._folder / "mirror.lock").open("w") as lock:
            while not _locked(lock.fileno()):
                if time.monotonic() > deadline:
                    raise UpstreamError("another process holds the mirror.", service="git", reason="timed_out")
                time.sleep(0.05)
            yield

    # ------------------------------------------------------------ trees

    @contextmanager
    def worktree(self, sha: Sha) -> Iterator[Path]:
        """Lay out the files of a commit in a plain folder that lives as long as the context."""
        with self._scratch() as scratch:
            tree = scratch / "tree"
            tree.mkdir()
            place = {"GIT_INDEX_FILE": str(scratch / "index"), "GIT_WORK_TREE": str(tree)}
            self._local("read-tree", sha, environment=place)
            self._local("checkout-index", "--all", "--quiet", environment=place, folder=tree)
            (scratch / "index").unlink()
            yield tree

    def apply(self, tree: Path, diff: str) -> None:
        """Apply a stored diff to a tree.

        Raises: Conflict `diff_does_not_apply`, where the base is another one by now.
        """
        place = {"GIT_WORK_TREE": str(tree)}
        done = self._command.run("apply", "--whitespace=nowarn", environment=place, folder=tree, given=diff.encode())
        if done.code:
            raise Conflict(
                f"the stored diff does not apply: {short(self._redactor, done.err)}",
                reason="diff_does_not_apply",
                remedy="Make a new patch.",
            )

    def changes(self, tree: Path, base: Sha) -> tuple[FileChange, ...]:
        """Compare a tree with a commit, path by path, ignored files too. Nothing of it enters the mirror.

        Raises: PolicyViolation for a tree that cannot be compared: `nested_repository`, `unreadable_tree`, `too_many_changes`.
        """
        with self._quarantine() as place:
            return changes_between(self._command, base, self._hashed(tree, base, place), place)

    def diff(self, tree: Path, base: Sha) -> str:
        """Give the same comparison as a unified diff with `a/` and `b/`.

        Raises: PolicyViolation as `changes` does, and `diff_too_large`.
        """
        with self._quarantine() as place:
            made = self._hashed(tree, base, place)
            options = ("-r", "-p", "--full-index", "--no-renames", "--no-color", "--no-ext-diff", "--no-textconv")
            try:
                done = self._local("diff-tree", *options, base, made, environment=place, limit=DIFF_LIMIT)
            except UpstreamError as error:
                if error.reason != "output_too_large":
                    raise
                raise PolicyViolation(f"the diff is larger than {DIFF_LIMIT} bytes.", reason="diff_too_large") from None
            return done.out.decode("utf-8", "replace")

    def commit(
        self, tree: Path, parent: Sha, message: str, author: str, when: datetime, key: SecretStr | None = None
    ) -> Sha:
        """Commit a tree on a parent. The same content, parent, message, author (`Name <address>`) and time give the same sha.

        `key` is an SSH key, as a file of OpenSSH holds it, that signs the commit; an ed25519 one signs the same content the same way.

        Raises: Misconfigured for an author of another form, or a signing key that does not sign; PolicyViolation as `changes` does.
        """
        person = _person(author, when)
        with self._scratch() as scratch, signing(key, scratch) as (sign, config):
            made = self._hashed(tree, parent, {"GIT_INDEX_FILE": str(scratch / "index")})
            words = ("commit-tree", *sign, made, "-p", parent, "-F", "-")
            done = self._command.run(*words, environment=person, config=config, given=message.encode())
        if done.code and key:
            self._redactor.add([key.get_secret_value()])
            told = short(self._redactor, done.err)
            remedy = "Give a whole private key without a passphrase in HEALER_GIT_SIGNING_KEY."
            raise Misconfigured(f"the commit cannot be signed: {told}", reason="git_signing_key", remedy=remedy)
        if done.code:
            raise self._failed("commit-tree", done)
        return done.out.decode().strip()

    def _hashed(self, tree: Path, base: Sha, place: Mapping[str, str]) -> str:
        """Hash a tree into git objects; give the id of the tree object. Nothing hides behind an ignore file."""
        refuse_unreadable(tree)
        here = {**place, "GIT_WORK_TREE": str(tree)}
        self._local("read-tree", base, environment=here)
        done = self._command.run("add", "--all", "--force", "--", ".", environment=here, folder=tree)
        if done.code:
            told = short(self._redactor, done.err)
            raise PolicyViolation(f"the tree holds what git refuses: {told}", reason="unreadable_tree")
        return self._local("write-tree", environment=here).out.decode().strip()

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        trees = self._folder / "trees"
        trees.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=trees) as folder:
            yield Path(folder)

    @contextmanager
    def _quarantine(self) -> Iterator[dict[str, str]]:
        """Give a place for objects that may read the mirror's objects and adds none to them."""
        with self._scratch() as scratch:
            (scratch / "objects").mkdir()
            yield {
                "GIT_INDEX_FILE": str(scratch / "index"),
                "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
                "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self._mirror / "objects"),
            }

    # ------------------------------------------------------------ the remote

    def push(self, sha: Sha, branch: str, expected: Sha | None) -> None:
        """Make `sha` the head of a branch whose head is `expected` now; None means that there is no such branch.

        Nothing is sent where the branch is there already, so that a repeat after a lost answer is none.

        Raises: UpstreamError `push_refused` with the remote's reason, also where the branch has another head.
        """
        ref = f"refs/heads/{branch}"
        if self._remote.head(ref) == sha:
            return
        try:
            self._remote.push(sha, ref, expected)
        except UpstreamError:
            # A push whose answer got lost may have landed while this one was under way.
            if self._remote.head(ref) != sha:
                raise

    # ------------------------------------------------------------ running git

    def _local(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        given: bytes = b"",
        limit: int = OUTPUT_LIMIT,
    ) -> Output:
        done = self._command.run(*arguments, environment=environment, folder=folder, given=given, limit=limit)
        if done.code:
            raise self._failed(arguments[0], done)
        return done

    def _failed(self, name: str, done: Output) -> UpstreamError:
        return UpstreamError(
            f"git {name} failed: {short(self._redactor, done.err)}", service="git", reason="git_failed"
        )


def _objects(clone: Path) -> Path:
    for folder in (clone / ".git/objects", clone / "objects"):
        if folder.is_dir():
            return folder.resolve()
    raise Misconfigured(
        f"{clone} is no git clone.", reason="reference", remedy="Name a clone in HEALER_IMPORTERS_CHECKOUT, or none."
    )


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _person(author: str, when: datetime) -> dict[str, str]:
    match = _AUTHOR.fullmatch(author)
    if match is None:
        raise Misconfigured(
            "the git author is not of the form `Name <address>`.", reason="git_author", remedy="Mend HEALER_GIT_AUTHOR."
        )
    moment = f"{int(when.timestamp())} +0000"
    who = {"NAME": match[1], "EMAIL": match[2], "DATE": moment}
    return {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in who.items()}
