"""What must hold after every cell, judged by what stands in Redis, git, GitHub, JIRA and the process table.

Nothing is taken from the product's own word or code.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from localworld.crash.cells import Cell, Stopped
from localworld.crash.place import IMPORTER, Place

_REPOSITORY: Final = "acme/importers"
_LOGINS: Final = f"healer:logins:{IMPORTER}-main"
_ONCE: Final = ("published", "pull_request_opened", "ticket_moved", "merged", "confirmed")
_OF_PROGRAMS: Final = ("pymp-", "runner_storage")
"""Folders of Python's and Prefect's own, one a process; nothing of ours is in them."""


def broken(place: Place, case_id: str, cell: Cell) -> list[str]:
    """Give what does not hold, in words; nothing where all holds."""
    case = place.case(case_id)
    if case is None:
        return ["there is no case"]
    found = [*_case(place, case, cell), *_github(place, case, cell), *_jira(place, case)]
    return [*found, *_ledgers(place, case_id), *_leftovers(place, case)]


def _case(place: Place, case: dict[str, Any], cell: Cell) -> Iterator[str]:
    """Look for one case, as it should end; its chain whole; nothing owed."""
    events = place.events(case["id"])
    if case["state"] != cell.end:
        yield f"the case is {case['state']} ({case['reason']}) and not {cell.end}"
    if sum(event["kind"] == "received" for event in events) != 1:
        yield "the case was not opened once"
    if (place_of_break := first_break(events)) is not None:
        yield f"the event chain is broken at {place_of_break}"
    if owed := place.redis.xlen("healer:outbox"):
        yield f"{owed} flow runs are still owed"
    if dead := place.redis.xlen("healer:outbox:dead"):
        yield f"{dead} flow runs were buried"
    told = [(event["kind"], event["data"].get("status")) for event in events if event["kind"] in _ONCE]
    for kind, status in {each for each in told if told.count(each) > 1}:
        yield f"{kind} {status or ''} happened more than once"


def first_break(events: list[dict[str, Any]]) -> int | None:
    """Look through a chain by SPEC, section 5; written out here, so that a mistake is not made twice."""
    previous = "0" * 64
    for number, event in enumerate(events, 1):
        content = {name: value for name, value in event.items() if name != "hash"}
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if (event["seq"], event["previous"], event["hash"]) != (number, previous, digest):
            return number
        previous = digest
    return None


def _github(place: Place, case: dict[str, Any], cell: Cell) -> Iterator[str]:
    """Look for at most one pull request, on the recorded head; each dispatch made once; one receipt among the comments."""
    branch, state = f"heal/{case['id']}", place.state("github")
    here = state["repositories"][_REPOSITORY]
    pulls = [pull for pull in here["pulls"] if pull["head"] == branch]
    head = place.git("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")
    if len(pulls) > 1:
        yield f"there are {len(pulls)} pull requests"
    yield from _heads(case, pulls, head, cell)
    correlations = [run["inputs"]["correlation"] for run in state["runs"] if run["inputs"]["case"] == case["id"]]
    if len(set(correlations)) != len(correlations):
        yield f"a gate run was dispatched twice: {sorted(correlations)}"
    if unended := [run["id"] for run in state["runs"] if run["status"] != "completed"]:
        yield f"gate runs {unended} have not ended"
    for pull in pulls:
        receipts = [
            c for c in here["comments"] if c["number"] == pull["number"] and "importer-healer:receipt" in c["body"]
        ]
        if len(receipts) != 1 and case["pull_request"]:
            yield f"the pull request has {len(receipts)} receipts"


def _heads(case: dict[str, Any], pulls: list[dict[str, Any]], head: str, cell: Cell) -> Iterator[str]:
    want = case["head_sha"] or ""
    if cell.end == "confirmed":
        if head or [pull["state"] for pull in pulls] != ["closed"]:
            yield "the merged branch is still there"
    elif head != want:
        yield f"the branch stands at {head[:8] or 'nothing'}, the case at {want[:8] or 'nothing'}"
    if cell.end == "published" and [(pull["state"], pull["head_sha"]) for pull in pulls] != [("open", want)]:
        yield "there is no open pull request on the recorded head"
    # What was on its way when a person stopped the case may still arrive; nothing else may.
    if cell.end == "stopped" and pulls and not (isinstance(cell, Stopped) and "pull" in cell.step.name):
        yield "a stopped case has a pull request"


def _jira(place: Place, case: dict[str, Any]) -> Iterator[str]:
    """Compare the ticket with the case: it says what the case says, in one comment."""
    ticket = next(t for t in place.state("jira")["tickets"] if t["key"] == case["id"])
    comments = [c for c in ticket["comments"] if c["author"] == "importer-healer"]
    if len(comments) != 1:
        yield f"the ticket has {len(comments)} comments of ours"
    names = [link["global_id"] for link in ticket["links"]]
    if len(set(names)) != len(names) or (case["pull_request"] and f"importer-healer:{case['id']}:gate" not in names):
        yield f"the ticket has the links {names}"
    told = ticket["properties"].get("healer.case", {}).get("state")
    if told != case["state"]:
        yield f"the ticket remembers the case as {told}"
    if case["ticket_status"] and ticket["status"] != case["ticket_status"]:
        yield f"the ticket is {ticket['status']}, the case believes {case['ticket_status']}"
    if case["state"] == "published" and ticket["status"] != "In Review":
        yield f"the ticket is {ticket['status']} and not in review"
    if case["state"] == "confirmed" and ticket["status"] != "Done":
        yield f"the ticket is {ticket['status']} and not done"


def _ledgers(place: Place, case_id: str) -> Iterator[str]:
    """Compare the ledgers: days count what cases spent, logins count the leases that were given."""
    redis: Any = place.redis
    rows = [json.loads(row) for key in redis.keys("healer:spend:UTIL-*") for row in redis.hvals(key)]
    for unit in ("usd", "ms"):
        days: dict[str, int] = {}
        for row in rows:
            days[row["day"]] = days.get(row["day"], 0) + row[unit]
        for day, spent in days.items():
            if int(redis.get(f"healer:spend:{unit}:{day}") or 0) != spent:
                yield f"the day's {unit} are not the sum of what cases spent"
    if open_rows := [row for row in redis.hvals(f"healer:spend:{case_id}") if not json.loads(row)["begun"]]:
        yield f"{len(open_rows)} reservation(s) of a case that has ended are still held"
    leases = {key.removeprefix("healer:lease:") for key in redis.keys("healer:lease:*")}
    if leases != set(redis.zrange(_LOGINS, 0, -1)):
        yield "the login ledger does not hold the leases that were given"


def _leftovers(place: Place, case: dict[str, Any]) -> Iterator[str]:
    """Look for what is left: a hold, a process, a folder."""
    redis: Any = place.redis
    if holds := redis.keys("healer:hold:*"):
        yield f"{holds} are still held"
    if case["id"] in redis.smembers("healer:cases:open"):
        yield "an ended case counts as open"
    if left := [name for name in place.leftovers() if not Path(name).name.startswith(_OF_PROGRAMS)]:
        yield f"left behind: {', '.join(left)}"
    if containers := place.containers():
        yield f"containers or networks of the gate are left: {containers}"
    if orphans := _orphans(place):
        yield f"processes without a parent: {orphans}"


def _orphans(place: Place) -> list[str]:
    """Name processes of this world whose part is gone: they have its home in their environment, and the first process as parent."""
    home, found = f"HOME={place.world.root}/home".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (
                home in (folder / "environ").read_bytes().split(b"\0")
                and b"PPid:\t1\n" in (folder / "status").read_bytes()
            ):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:80])
        except OSError:
            continue  # it ended meanwhile
    return found
