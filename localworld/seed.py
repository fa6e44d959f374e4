"""Seeds of the local world: bare repositories, keys, logins and tickets that nobody owns in reality."""

import base64
import secrets
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
GATE_REPOSITORY = "acme/importer-healer"
IMPORTERS_REPOSITORY = "acme/importers"
CALLER = Path(".github/workflows/healer-gate.yml")
UNREAD = (
    "adr",
    "api",
    "bench",
    "deployments",
    "examples",
    "flows",
    "healer",
    "localworld",
    "prompts",
    "tests",
    "uv.lock",
)
"""What a gate job reads nothing of where the gate's programs are installed, as they are here."""
_GIT_ENV = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "Acme Importers",
    "GIT_AUTHOR_EMAIL": "importers@acme.example",
    "GIT_COMMITTER_NAME": "Acme Importers",
    "GIT_COMMITTER_EMAIL": "importers@acme.example",
    "GIT_AUTHOR_DATE": "2026-10-01T09:00:00Z",
    "GIT_COMMITTER_DATE": "2026-10-01T09:00:00Z",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
}


def git(*arguments: str, cwd: Path) -> str:
    """Run git with a configuration of our own and give its output."""
    done = subprocess.run(["git", *arguments], cwd=cwd, env=_GIT_ENV, check=True, capture_output=True)  # noqa: S603, S607 - our own argv
    return done.stdout.decode().strip()


def commit_tree(tree: Path, message: str) -> str:
    """Commit all of `tree` on `main` of a repository in it; give the sha."""
    if not (tree / ".git").exists():
        git("init", "-q", "-b", "main", cwd=tree)
    git("add", "-A", "-f", ".", cwd=tree)
    git("commit", "-q", "--allow-empty", "-m", message, cwd=tree)
    return git("rev-parse", "HEAD", cwd=tree)


def publish(tree: Path, bare: Path) -> None:
    """Make `bare` a bare repository that holds `main` of `tree`."""
    bare.mkdir(parents=True, exist_ok=True)
    git("init", "-q", "--bare", "-b", "main", cwd=bare)
    git("push", "-q", "--force", str(bare), "HEAD:refs/heads/main", cwd=tree)


def seed_gate(work: Path, bare: Path) -> str:
    """Publish this checkout as the gate repository; give the sha that callers pin."""
    tree = work / "gate"
    listed = git("ls-files", "-z", "--cached", "--others", "--exclude-standard", cwd=CHECKOUT).split("\0")
    for name in filter(None, listed):
        if (CHECKOUT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(CHECKOUT / name, tree / name)
    sha = commit_tree(tree, "Importer Healer")
    publish(tree, bare)
    return sha


def seed_importers(source: Path, work: Path, bare: Path, gate_sha: str) -> None:
    """Publish an importers repository with the caller workflow pinned to our gate.

    A git checkout keeps its history; a plain folder gets one commit.
    """
    tree = work / "importers"
    if (source / ".git").exists():
        git("clone", "-q", "--no-hardlinks", str(source), str(tree), cwd=work)
        git("checkout", "-q", "-B", "main", cwd=tree)
    else:
        shutil.copytree(source, tree)
    (tree / CALLER).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(CHECKOUT / "localworld/importers" / CALLER, tree / CALLER)
    for caller in (tree / CALLER).parent.glob("healer-*.yml"):
        text = caller.read_text()
        caller.write_text(text.replace("__GATE_REPOSITORY__", GATE_REPOSITORY).replace("__GATE_SHA__", gate_sha))
    commit_tree(tree, "Call the importer healer's gate")
    publish(tree, bare)


def make_credentials(refs: Sequence[str], given: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Give each credentialRef a login: the given one, else a made-up one of awkward shape."""
    return {ref: dict(given.get(ref) or _made_up(number, ref)) for number, ref in enumerate(refs)}


def _made_up(number: int, ref: str) -> dict[str, str]:
    shapes = (_marks_on_two_lines, _long, _overlapping, _short, _of_two_lines, _beyond_ascii)
    return {"username": f"{ref}@acme.example", "password": shapes[number % len(shapes)]()}


# Passwords are the canaries of the leak audit, so they have the shapes that are hardest to keep out of everything. The demo's stories
# log in with the first, third and fourth: blanks, quotes, marks, two lines, 520 characters that repeat and are not ASCII, and eight.


def _marks_on_two_lines() -> str:
    return (
        f"p&{secrets.token_urlsafe(9)} \"<{secrets.token_hex(4)}>' %+/==\n#{{y}} $HOME \\ `{secrets.token_urlsafe(9)}"
    )


def _long() -> str:
    return secrets.token_urlsafe(390)[:520]


def _overlapping() -> str:
    return (f"ář{secrets.token_hex(3)}🐎" * 58)[:520]


def _short() -> str:
    return secrets.token_urlsafe(6)


def _of_two_lines() -> str:
    return f"first {secrets.token_urlsafe(9)}\nsecond {secrets.token_urlsafe(9)}"


def _beyond_ascii() -> str:
    return f"žluťoučký kůň {secrets.token_urlsafe(6)} 🐎"


def new_secret(prefix: str = "") -> str:
    """Make a random secret of 32 bytes, base64."""
    return prefix + base64.b64encode(secrets.token_bytes(32)).decode()
