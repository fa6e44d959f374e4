"""What the doctor finds: each fact about an installation, judged, with its mend. Pure: what was measured in, findings out.

`BAD` keeps work from being done, or done safely; `NOTE` is worth a look; what could not be looked at is a note that says so.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from healer.contracts import Contract
from healer.errors import HealerError

_SKEW_NOTED: Final = timedelta(seconds=5)
_SKEW_BAD: Final = timedelta(seconds=30)
"""GitHub refuses an App's token whose clock is a minute ahead; signatures and leases are dated too."""
_OLD: Final = timedelta(days=365)
_APP: Final[Mapping[str, str]] = {
    "contents": "write",
    "pull_requests": "write",
    "actions": "write",
    "checks": "write",
    "issues": "write",
    "metadata": "read",
}
JIRA_PERMISSIONS: Final = (
    "BROWSE_PROJECTS",
    "ADD_COMMENTS",
    "EDIT_OWN_COMMENTS",
    "DELETE_OWN_COMMENTS",
    "TRANSITION_ISSUES",
    "LINK_ISSUES",
    "EDIT_ISSUES",
    "CREATE_ATTACHMENTS",
    "DELETE_OWN_ATTACHMENTS",
)
"""What comments, files, transitions, remote links and issue properties take (developer.atlassian.com, each operation's "Permissions")."""
DEPLOYMENTS: Final = (
    "command",
    "digest",
    "family",
    "fleet",
    "heal",
    "publish",
    "reconcile",
    "retention",
    "sweep",
    "watch",
)
"""Those of `deployments/prefect.yaml`."""
RECONCILE_LATE: Final = timedelta(minutes=10)
_PIDS: Final = 128
_MEMORY: Final = 512 << 20
_NOBODY: Final = 65534


class Mark(StrEnum):
    """How much a finding matters."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


class Finding(Contract):
    """One fact: what it is about, how it is, and, where it is not good, what to do."""

    about: str
    mark: Mark
    says: str
    mend: str = ""


def good(about: str, says: str) -> Finding:
    """Say that something is as it should be."""
    return Finding(about=about, mark=Mark.GOOD, says=says)


def note(about: str, says: str, mend: str = "") -> Finding:
    """Say what is worth a look, or was not looked at."""
    return Finding(about=about, mark=Mark.NOTE, says=says, mend=mend)


def bad(about: str, says: str, mend: str) -> Finding:
    """Say what must be mended."""
    return Finding(about=about, mark=Mark.BAD, says=says, mend=mend)


def failed(about: str, error: HealerError) -> Finding:
    """Put an error into a finding; its remedy is the mend."""
    return bad(about, error.what, error.remedy or "Mend what it says, and ask the doctor again.")


def is_well(findings: Iterable[Finding]) -> bool:
    """Say whether nothing is bad."""
    return all(finding.mark is not Mark.BAD for finding in findings)


def clock(about: str, ours: datetime, theirs: datetime | None) -> Finding:
    """Compare our clock with a neighbour's (UTC), which tells whole seconds."""
    if theirs is None:
        return note(about, "does not tell its time")
    skew = abs(ours - theirs)
    says = f"its clock and ours differ by {skew.total_seconds():.0f} s"
    mend = "Let this machine follow NTP (timedatectl set-ntp true)."
    if skew > _SKEW_BAD:
        return bad(about, says, mend)
    return note(about, says, mend) if skew > _SKEW_NOTED else good(about, says)


def app_permissions(given: Mapping[str, str], *, commands: bool) -> Iterator[Finding]:
    """Judge what a GitHub App may do. It may not write workflow files: whoever may can change the gate."""
    needed = {**_APP, **({"members": "read"} if commands else {})}
    missing = [f"{name}: {level}" for name, level in needed.items() if given.get(name) not in {level, "write"}]
    if missing:
        mend = "Give them in the App's settings, and accept them where it is installed."
        yield bad("GitHub permissions", f"the App lacks {', '.join(missing)}", mend)
    else:
        yield good("GitHub permissions", f"the App has all {len(needed)} that it needs")
    if "workflows" in given:
        yield bad(
            "GitHub permissions", "the App may write workflow files, and so change the gate", "Take *Workflows* away."
        )


def jira_permissions(given: Mapping[str, bool]) -> Finding:
    """Judge what our JIRA account may do in the project."""
    missing = [name for name in JIRA_PERMISSIONS if not given.get(name)]
    if missing:
        return bad(
            "JIRA permissions",
            f"our account lacks {', '.join(missing)}",
            "Give them in the project's permission scheme.",
        )
    return good("JIRA permissions", f"our account has all {len(JIRA_PERMISSIONS)} that it needs")


def named(about: str, wanted: Collection[str], known: Collection[str], mend: str) -> Finding:
    """Say which names are not there; names are compared as JIRA does, without case."""
    there = {name.casefold() for name in known}
    missing = [name for name in wanted if name.casefold() not in there]
    if missing:
        return bad(about, f"not there: {', '.join(missing)}", mend)
    return good(about, f"there: {', '.join(wanted)}")


def version(about: str, found: str, ours: str) -> Finding:
    """Compare a server's version with the one that we are built and tested with; the last part may differ."""
    if found.split(".")[:2] == ours.split(".")[:2]:
        return good(about, f"version {found}")
    return bad(about, f"version {found}, and this installation has {ours}", f"Run {ours} on both sides.")


def age(about: str, since: datetime, now: datetime, mend: str) -> Finding:
    """Say how old a key, token or credential is; one of more than a year is worth a look."""
    days = (now - since).days
    return note(about, f"{days} days old", mend) if now - since > _OLD else good(about, f"{days} days old")


def deployments(served: Mapping[str, tuple[bool, bool]]) -> Iterator[Finding]:
    """Judge Prefect's deployments, by name: whether each is paused, and whether somebody asks for its runs."""
    missing = [name for name in DEPLOYMENTS if name not in served]
    paused = [name for name in DEPLOYMENTS if served.get(name, (False, True))[0]]
    unserved = [name for name in DEPLOYMENTS if name in served and not served[name][1]]
    start = "Start `healer-runner`, or a worker after `prefect deploy --all`."
    if missing:
        yield bad("deployments", f"not there: {', '.join(missing)}", start)
    if paused:
        yield bad("deployments", f"paused: {', '.join(paused)}", "Resume them in Prefect's UI.")
    if unserved:
        yield bad("deployments", f"nobody runs {', '.join(unserved)}", start)
    if not (missing or paused or unserved):
        yield good("deployments", f"all {len(DEPLOYMENTS)} are there and served")


def rounds(last: datetime | None, now: datetime) -> Finding:
    """Judge when `reconcile`, which starts again what does not go on by itself, last came to its end."""
    if last is not None and now - last <= RECONCILE_LATE:
        return good("reconcile", f"ended well {(now - last).total_seconds():.0f} s ago")
    when = f"last ended well at {last:%Y-%m-%d %H:%M} UTC" if last else "has never ended well"
    return bad("reconcile", when, "Look at its runs in Prefect's UI: each says what it could not do.")


def hardening(facts: Mapping[str, str]) -> Iterator[Finding]:
    """Judge what a container of the gate's kind found about itself: `/proc/self/status`, its cgroup, and what it could do."""
    about = "Docker hardening"
    wrong = [what for what, holds in _walls(facts).items() if not holds]
    if wrong:
        mend = "Use an engine that applies these options: no rootless cgroup v1, no disabled seccomp, no older kernel."
        yield bad(about, f"not active: {', '.join(wrong)}", mend)
    else:
        yield good(about, f"active: {', '.join(_walls(facts))}")


def _walls(facts: Mapping[str, str]) -> dict[str, bool]:
    return {
        "an uid of nobody": set(facts.get("Uid", "0").split()) == {str(_NOBODY)},
        "no capability": all(int(facts.get(name, "1"), 16) == 0 for name in ("CapEff", "CapPrm", "CapBnd")),
        "no new privileges": facts.get("NoNewPrivs") == "1",
        "seccomp": facts.get("Seccomp") == "2",
        "a read-only root": facts.get("root") == "read-only",
        "no network": facts.get("links") == "lo",
        "a limit of processes": _within(facts.get("pids", ""), _PIDS),
        "a limit of memory": _within(facts.get("memory", ""), _MEMORY),
    }


def _within(text: str, most: int) -> bool:
    return text.isdecimal() and int(text) <= most
