"""What must hold after the load, judged by what stands in Redis, git, GitHub, JIRA and Prefect, as after a cell of the crash matrix.

Nothing is taken from the product's own word or code.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from localworld.crash.invariants import first_break

_ONCE: Final = ("received", "published", "pull_request_opened", "ticket_moved")
_SUPERSEDED: Final = ("superseded", "NEWER_CASE")
ENDED: Final = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
"""Prefect's types of state of a flow run that has ended."""
_AT_WORK: Final = frozenset({"PENDING", "RUNNING", "CANCELLING"})


class Found(NamedTuple):
    """What stands where: cases and events by ticket; the stand-ins' states; heads of branches; Prefect's flow runs; the store."""

    cases: Mapping[str, dict[str, Any]]
    events: Mapping[str, list[dict[str, Any]]]
    github: dict[str, Any]
    jira: dict[str, Any]
    heads: Mapping[str, str]
    runs: list[dict[str, Any]]
    redis: Any


def is_through(case: Mapping[str, Any]) -> bool:
    """Say whether a case has come through: it is published, or was, and a newer case of its importer has proved the same change."""
    return case.get("state") == "published" or is_superseded(case)


def is_superseded(case: Mapping[str, Any]) -> bool:
    """Say whether a newer case has taken a published one's place."""
    return (case.get("state"), case.get("reason")) == _SUPERSEDED


def broken(sent: list[str], found: Found) -> list[str]:
    """Give what does not hold, in words; nothing where all holds."""
    return [
        *_cases(sent, found),
        *(words for key in sent for words in _case(key, found)),
        *_importers(found),
        *_pulls(sent, found),
        *_gates(found),
        *_jira(sent, found),
        *_slots(found),
    ]


def _cases(sent: list[str], found: Found) -> Iterator[str]:
    if lost := sorted(set(sent) - set(found.cases)):
        yield f"{len(lost)} case(s) are lost: {', '.join(lost[:5])}"
    if more := sorted(set(found.cases) - set(sent)):
        yield f"{len(more)} case(s) that nobody sent: {', '.join(more[:5])}"


def _case(key: str, found: Found) -> Iterator[str]:
    case, events = found.cases.get(key, {}), found.events.get(key, [])
    if not is_through(case):
        yield f"{key} is {case.get('state')} ({case.get('reason')})"
    if (place := first_break(events)) is not None:
        yield f"{key}'s chain is broken at {place}"
    told = Counter((event["kind"], event["data"].get("status")) for event in events if event["kind"] in _ONCE)
    for (kind, status), count in told.items():
        if count > 1:
            yield f"{key}: {kind} {status or ''} happened {count} times"


def _importers(found: Found) -> Iterator[str]:
    """Look for an open pull request of each importer: whatever superseded whatever, the last one is there to be reviewed."""
    published = {case["importer"] for case in found.cases.values() if case["state"] == "published"}
    for name in sorted({case["importer"] for case in found.cases.values()} - published):
        yield f"{name} has no published case left"


def _pulls(sent: list[str], found: Found) -> Iterator[str]:
    """Look for one pull request a case: open, its branch where the case says; closed and without a branch where one supersedes it."""
    (here,) = (one for name, one in found.github["repositories"].items() if name.endswith("/importers"))
    pulls = Counter(pull["head"] for pull in here["pulls"])
    wanted = {f"heal/{key}" for key in sent}
    for branch in sorted(wanted | set(pulls)):
        if pulls[branch] != (branch in wanted):
            yield f"{branch} has {pulls[branch]} pull request(s)"
    open_ = {pull["head"] for pull in here["pulls"] if pull["state"] == "open"}
    for key in sent:
        case, head = found.cases.get(key, {}), found.heads.get(f"heal/{key}")
        if head != (None if is_superseded(case) else case.get("head_sha")):
            yield f"{key}'s branch stands at {str(head)[:8]} and not where its case says"
        if (f"heal/{key}" in open_) == is_superseded(case):
            yield f"{key}'s pull request is {'open' if is_superseded(case) else 'closed'}"


def _gates(found: Found) -> Iterator[str]:
    """Look for gate runs that were dispatched twice, or have not ended."""
    dispatched = Counter(run["inputs"]["correlation"] for run in found.github["runs"])
    for name, count in dispatched.items():
        if count > 1:
            yield f"the gate run {name} was dispatched {count} times"
    if left := sum(run["status"] != "completed" for run in found.github["runs"]):
        yield f"{left} gate run(s) have not ended"


def _jira(sent: list[str], found: Found) -> Iterator[str]:
    tickets = {ticket["key"]: ticket for ticket in found.jira["tickets"]}
    for key in sent:
        ours = [one for one in tickets[key]["comments"] if one["author"] == "importer-healer"]
        if len(ours) != 1:
            yield f"{key} has {len(ours)} comments of ours"
        if tickets[key]["status"] != "In Review":
            yield f"{key} is {tickets[key]['status']} and not in review"


def _slots(found: Found) -> Iterator[str]:
    """Look for what somebody who is gone still holds: an importer, room under the limits, money, a login, a flow run."""
    redis = found.redis
    if holds := redis.keys("healer:hold:*"):
        yield f"{len(holds)} importer(s) are still held"
    if count := redis.scard("healer:cases:open"):
        yield f"{count} ended case(s) count as open"
    for stream in ("healer:outbox", "healer:outbox:dead"):
        if owed := redis.xlen(stream):
            yield f"{owed} flow run(s) are left in {stream}"
    rows = [json.loads(row) for key in redis.keys("healer:spend:UTIL-*") for row in redis.hvals(key)]
    if held := sum(not row["begun"] for row in rows):
        yield f"{held} reservation(s) of money are still held"
    leases = {key.removeprefix("healer:lease:") for key in redis.keys("healer:lease:*")}
    debited = [login for key in redis.keys("healer:logins:*") for login in redis.zrange(key, 0, -1)]
    if Counter(debited) != Counter(leases):
        yield f"{len(debited)} login(s) are debited for {len(leases)} lease(s)"
    stuck = [run["name"] for run in found.runs if run["state_type"] in _AT_WORK]
    if stuck:
        yield f"{len(stuck)} flow run(s) never end: {', '.join(stuck[:5])}"
