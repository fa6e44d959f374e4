"""Where the time of a case went, from its event log alone."""

from datetime import datetime
from typing import Any

from localworld.desk import Seen

_ENDS = {
    "ticket_admitted": "admit",
    "gate_dispatched": "dispatch",
    "report_received": "gate",
    "triaged": "triage",
    "patched": "agent and guard",
    "patch_refused": "agent and guard",
    "pushed": "push",
    "judged": "judge",
    "published": "publish",
    "not_fixed": "publish",
    "needs_engineer": "publish",
}


def _at(event: dict[str, Any]) -> float:
    return datetime.fromisoformat(event["at"]).timestamp()


def phases(seen: Seen) -> dict[str, float]:
    """Give seconds by phase: each event closes the phase that led to it."""
    spent: dict[str, float] = {}
    began = _at(seen.events[0])
    for event in seen.events[1:]:
        if phase := _ENDS.get(event["kind"]):
            spent[phase] = spent.get(phase, 0.0) + _at(event) - began
            began = _at(event)
    return {name: round(seconds, 3) for name, seconds in spent.items()}


def _sum_ms(seen: Seen, kind: str, member: str) -> float:
    return sum(e["data"].get(member) or 0 for e in seen.events if e["kind"] == kind) / 1000


def _gate_jobs(seen: Seen) -> float:
    """Add up the time from each dispatch to its report: the runner's start, the job and GitHub's own part."""
    sent = {e["data"]["run_id"]: _at(e) for e in seen.events if e["kind"] == "gate_dispatched"}
    back = {e["data"]["run_id"]: _at(e) for e in seen.events if e["kind"] == "report_received"}
    return sum(back[run] - at for run, at in sent.items() if run in back)


def shares(seen: Seen) -> dict[str, float]:
    """Split the time from delivery to the end (seconds): agent, gate container, gate jobs around it, orchestration.

    `orchestration` is all but agent and container; `orchestration_without_gate_jobs` leaves out the gate jobs' own time too.
    """
    total = _at(seen.events[-1]) - _at(seen.events[0])
    agent, container = _sum_ms(seen, "patched", "agent_ms"), _sum_ms(seen, "report_received", "container_ms")
    job = _gate_jobs(seen)
    parts = {
        "total": total,
        "agent": agent,
        "container": container,
        "gate_job": job,
        "orchestration": total - agent - container,
        "orchestration_without_gate_jobs": total - agent - job,
    }
    return {name: round(seconds, 3) for name, seconds in parts.items()}
