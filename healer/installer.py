"""What an importers repository needs for the gate: its files in, those that are to be written out. Nothing of its own is lost."""

from collections.abc import Mapping
from difflib import unified_diff
from typing import Final

CALLER: Final = ".github/workflows/healer-gate.yml"
APPROVAL: Final = ".github/workflows/healer-approval.yml"
RECORDER: Final = "lib/importers/recorder.rb"
CODEOWNERS: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks for it, in its order."""
BRANCH: Final = "importer-healer/install"
TITLE: Final = "Install the importer healer's gate"
_HINT: Final = "# Who may log in to portals, and which files the importer healer may change, is for people to review."


def wanted(
    have: Mapping[str, str],
    callers: Mapping[str, str],
    recorder: str,
    *,
    gate: tuple[str, str],
    owners: str,
    recorder_path: str,
) -> dict[str, str]:
    """Give the files that are to be written, by path; none where all is as it should be.

    `have` holds the files that are there, `callers` the workflows, `gate` the gate's repository and commit. A recorder that is there is
    the repository's own.
    """
    pinned = {
        path: text.replace("__GATE_REPOSITORY__", gate[0]).replace("__GATE_SHA__", gate[1])
        for path, text in callers.items()
    }
    place = next((path for path in CODEOWNERS if path in have), CODEOWNERS[0])
    files = {**pinned, place: _owned(have.get(place, ""), owners)}
    files |= {} if recorder_path in have else {recorder_path: recorder}
    return {path: text for path, text in files.items() if have.get(path) != text}


def _owned(text: str, owners: str) -> str:
    """Give CODEOWNERS with our lines at its end, where the last match counts; without owners they are a hint."""
    if CALLER in text:
        return text
    lines = [f"/{path} {owners or '@your-organization/your-team'}" for path in (CALLER, "importers.toml")]
    block = "\n".join([_HINT, *(line if owners else f"# {line}" for line in lines)])
    kept = text if not text or text.endswith("\n") else f"{text}\n"
    return "".join([kept, "\n" if kept else "", block, "\n"])


def diff(have: Mapping[str, str], files: Mapping[str, str]) -> str:
    """Give the change as a unified diff."""
    parts = (
        unified_diff(
            have.get(path, "").splitlines(keepends=True),
            text.splitlines(keepends=True),
            f"a/{path}" if path in have else "/dev/null",
            f"b/{path}",
        )
        for path, text in sorted(files.items())
    )
    return "".join(line for part in parts for line in part)


def labels(importers: tuple[str, ...]) -> dict[str, str]:
    """Give the labels of the healer's pull requests, with what they say."""
    each = {f"importer:{name}": f"About the importer {name}" for name in importers}
    return {"importer-healer": "Made by the importer healer", **each}


def body(files: Mapping[str, str], *, has_registry: bool) -> str:
    """Give the text of the pull request."""
    told = [f"- `{path}`" for path in sorted(files)]
    missing = "`importers.toml` is still to be written: the healer touches no importer that it does not name."
    registry = [] if has_registry else ["", missing]
    variables = "Then set the repository variables `HEALER_URL` and `HEALER_BASE_IMAGE`."
    rest = f"{variables} No secret is needed: a run proves itself by its OIDC token."
    return "\n".join(["What the importer healer's gate needs here:", "", *told, *registry, "", rest]) + "\n"
