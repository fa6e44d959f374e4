"""The matrix as data: the steps of a healing, what may strike at each, and every cell that the two make."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from localworld.crash.tripwire import Side

Link = Literal["redis", "prefect", "github", "jira"]
Actor = Literal["gateway", "run"]
End = Literal["published", "confirmed", "stopped", "needs_engineer"]


@dataclass(frozen=True)
class Step:
    """One effect of a healing: the message by which `actor` makes it. `{case}` in `pattern` stands for the case's id."""

    name: str
    link: Link
    actor: Actor
    pattern: str
    nth: int = 1
    end: End = "published"


def _written(kind: str, actor: Actor = "run", nth: int = 1, end: End = "published", **data: str) -> Step:
    """Give the step that writes an event on the case."""
    told = "".join(f'.{{0,200}}?"{name}":"{value}"' for name, value in data.items())
    name = " ".join([kind, *data.values(), *(["again"] if nth > 1 else [])])
    return Step(f"write {name}", "redis", actor, f'"kind":"{kind}"{told}', nth, end)


STEPS: Final = (
    _written("received", "gateway"),
    Step("start run heal 0", "prefect", "gateway", r'"idempotency_key":\s?"heal:{case}:0"'),
    _written("run_started", "gateway"),
    Step("take the importer", "redis", "run", r"healer:hold:brightwater\r\n\$\d+\r\n{case}\r\n"),
    _written("ticket_admitted"),
    Step("dispatch diagnose", "github", "run", r'"correlation":\s?"{case}-0-'),
    _written("gate_dispatched", mode="diagnose"),
    Step("debit login of diagnose", "redis", "gateway", r"healer:lease:\d+:1\r\n"),
    _written("leased", "gateway"),
    Step("store report of diagnose", "redis", "gateway", r"\r\nSET\r\n\$\d+\r\nhealer:report:"),
    _written("report_received", "gateway"),
    Step("start run heal 1", "prefect", "gateway", r'"idempotency_key":\s?"heal:{case}:1"'),
    _written("triaged"),
    _written("patching"),
    Step("reserve money", "redis", "run", r"\r\n12\r\n\$\d+\r\nhealer:spend:{case}\r\n"),
    Step("fetch the mirror", "github", "run", r"GET /acme/importers\.git/info/refs\?service=git-upload-pack"),
    Step("begin the agent", "redis", "run", r"\r\n1\r\n\$\d+\r\nhealer:spend:{case}\r\n"),
    Step("settle money", "redis", "run", r"\r\n4\r\n\$\d+\r\nhealer:spend:{case}\r\n"),
    _written("patched"),
    Step("push the branch", "github", "run", r"POST /acme/importers\.git/git-receive-pack"),
    _written("pushed"),
    Step("dispatch verify", "github", "run", r'"correlation":\s?"{case}-1-'),
    _written("gate_dispatched", mode="verify"),
    Step("debit login of verify", "redis", "gateway", r"healer:lease:\d+:1\r\n", nth=2),
    _written("leased", "gateway", nth=2),
    Step("store report of verify", "redis", "gateway", r"\r\nSET\r\n\$\d+\r\nhealer:report:", nth=2),
    _written("report_received", "gateway", nth=2),
    Step("start run publish", "prefect", "gateway", r'"idempotency_key":\s?"publish:{case}:'),
    _written("judged"),
    Step("keep the good trace", "redis", "run", r"\r\nSET\r\n\$\d+\r\nhealer:good:brightwater\r\n"),
    Step("open the pull request", "github", "run", r"POST /api/v3/repos/acme/importers/pulls HTTP"),
    Step("label the pull request", "github", "run", r"POST /api/v3/repos/acme/importers/issues/\d+/labels"),
    _written("pull_request_opened"),
    _written("published"),
    Step("free the importer", "redis", "run", r"healer:hold:brightwater\r\n\$\d+\r\n{case}\r\n(?!\$\d+\r\n\d)", nth=1),
    Step("comment on the ticket", "jira", "run", r"POST /rest/api/\d/issue/{case}/comment"),
    Step("link the pull request", "jira", "run", r"POST /rest/api/\d/issue/{case}/remotelink"),
    Step("link the gate run", "jira", "run", r"POST /rest/api/\d/issue/{case}/remotelink", nth=2),
    Step("set the property", "jira", "run", r"PUT /rest/api/\d/issue/{case}/properties/healer\.case"),
    Step("move the ticket", "jira", "run", r"POST /rest/api/\d/issue/{case}/transitions"),
    _written("ticket_moved"),
    _written("ticket_told"),
    Step("keep the receipt", "redis", "run", r"healer:receipt:{case}\r\n"),
    Step("show the receipt", "github", "run", r"POST /api/v3/repos/acme/importers/issues/\d+/comments"),
    _written("receipt_written"),
    _written("pull_request_closed", "gateway", end="confirmed"),
    Step("delete the branch", "github", "run", r"DELETE /api/v3/repos/acme/importers/git/refs/heads/heal/{case}", end="confirmed"),
    _written("merged", end="confirmed"),
    _written("production_fetched", "gateway", end="confirmed"),
    _written("confirmed", end="confirmed"),
    Step("close the ticket", "jira", "run", r"POST /rest/api/\d/issue/{case}/transitions", nth=2, end="confirmed"),
)  # fmt: skip
"""In the order in which they happen."""

Blow = Literal["kill job", "kill gateway", "kill run", "kill runner", "kill redis", "kill prefect", "cut", "power cut"]
Report = Literal["lost", "twice", "held", "old_again"]


@dataclass(frozen=True)
class Struck:
    """While the world stands at a step, something dies (`blow`). What dies is started again at once."""

    step: Step
    side: Side
    blow: Blow
    real: bool = False
    """Whether the gate is the real one."""

    @property
    def name(self) -> str:
        """Name the cell."""
        return f"{self.step.name}{', real gate' * self.real} / {self.side.value} / {self.blow}"

    @property
    def end(self) -> End:
        """Say where the case must end."""
        return self.step.end


@dataclass(frozen=True)
class Felled:
    """The flow run is killed again and again on one journey: on these sides of each effect that people see."""

    steps: tuple[Step, ...]
    sides: tuple[Side, ...]
    end: End = "published"

    @property
    def name(self) -> str:
        """Name the cell."""
        sides = " and ".join(side.value for side in self.sides)
        return f"{', '.join(step.name for step in self.steps)} / {sides} / kill run"


@dataclass(frozen=True)
class Refused:
    """A stand-in answers the next `times` requests that match `match` (`METHOD /path`) by `status`, before or after it did the work."""

    what: str
    part: Literal["github", "jira"]
    match: str
    status: int
    after: bool = False
    times: int = 1
    headers: tuple[tuple[str, str], ...] = ()
    message: str = ""
    end: End = "published"

    @property
    def name(self) -> str:
        """Name the cell."""
        how = "cut" if self.status == 0 else str(self.status)
        return (
            f"{self.what} / {'after' if self.after else 'before'} / {self.part} answers {how}"
            + f" x{self.times}" * (self.times > 1)
        )


@dataclass(frozen=True)
class Callback:
    """The report of a gate run is lost, comes twice, late (after a person stopped the case), or is followed by the one before it."""

    mode: Literal["diagnose", "verify"]
    report: Report

    @property
    def name(self) -> str:
        """Name the cell."""
        how = {"lost": "lost", "twice": "twice", "held": "late, after stop", "old_again": "then the one before it"}
        return f"report of {self.mode} / {how[self.report]}"

    @property
    def end(self) -> End:
        """Say where the case must end."""
        return "stopped" if self.report == "held" else "published"


@dataclass(frozen=True)
class Stopped:
    """A person stops the case while the world stands before a step."""

    step: Step
    side: Side = Side.BEFORE
    end: End = "stopped"

    @property
    def name(self) -> str:
        """Name the cell."""
        return f"{self.step.name} / {self.side.value} / stop"


@dataclass(frozen=True)
class Skewed:
    """The clock of a part is wrong by some hours while a case arrives, and right again some seconds later."""

    part: Literal["gateway", "runner"]
    hours: int

    @property
    def end(self) -> End:
        """Say where the case must end: GitHub refuses an App whose clock is ahead, which is for a person to see."""
        return "needs_engineer" if (self.part, self.hours > 0) == ("runner", True) else "published"

    @property
    def name(self) -> str:
        """Name the cell."""
        return f"deliver / while / clock of {self.part} {self.hours:+d} h"


@dataclass(frozen=True)
class Full:
    """The disk on which the flows work is full while a case comes to a step, and has room again some seconds later."""

    end: End = "published"

    @property
    def name(self) -> str:
        """Name the cell."""
        return "patch and push / while / disk full"


Cell = Struck | Felled | Refused | Callback | Stopped | Skewed | Full

_EFFECTS: Final = {
    "dispatch": ("github", r"^POST .*/dispatches$"),
    "push": ("github", r"^POST .*/git-receive-pack$"),
    "open the pull request": ("github", r"^POST .*/pulls$"),
    "label": ("github", r"^POST .*/labels$"),
    "show the receipt": ("github", r"^POST .*/issues/\d+/comments$"),
    "comment": ("jira", r"^POST .*/comment$"),
    "link": ("jira", r"^POST .*/remotelink$"),
    "property": ("jira", r"^PUT .*/properties/healer.case$"),
    "transition": ("jira", r"^POST .*/transitions$"),
    "read the ticket": ("jira", r"^GET .*/issue/[A-Z]+-\d+$"),
    "read the run": ("github", r"^GET .*/actions/runs/\d+$"),
}  # fmt: skip
_SECONDARY: Final = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
_SOON: Final = (("Retry-After", "1"),)


def _blows(step: Step) -> tuple[Blow, ...]:
    """Say what may die at a step: who makes it, whom it is told, the way between, and all at once."""
    own: tuple[Blow, ...] = ("kill gateway",) if step.actor == "gateway" else ("kill run", "kill runner")
    far: tuple[Blow, ...] = ("kill prefect",) if step.link == "prefect" else ("kill redis",)
    return (*own, *far, "cut", "power cut")


def _struck() -> Iterator[Cell]:
    for step in STEPS:
        for side in Side:
            yield from (Struck(step, side, blow) for blow in _blows(step))


_SEEN: Final = ("open the pull request", "comment on the ticket", "move the ticket")


def felled(*sides: Side) -> Felled:
    """Give the cell whose end must be one pull request, one comment and one transition."""
    return Felled(tuple(step for step in STEPS if step.name in _SEEN), sides)


def _refused() -> Iterator[Cell]:
    for what, (part, match) in _EFFECTS.items():
        place = {"what": what, "part": part, "match": match}
        yield Refused(**place, status=503)  # type: ignore[arg-type] # a table of texts
        yield Refused(**place, status=502, after=True)  # type: ignore[arg-type]
        yield Refused(**place, status=0, after=True)  # type: ignore[arg-type]
        yield Refused(**place, status=429, headers=_SOON)  # type: ignore[arg-type]
        yield Refused(**place, status=503, times=8)  # type: ignore[arg-type]
        if part == "github":
            yield Refused(**place, status=403, headers=_SOON, message=_SECONDARY)  # type: ignore[arg-type]


def _called_back() -> Iterator[Cell]:
    yield from (Callback("diagnose", report) for report in ("lost", "twice", "held"))
    yield from (Callback("verify", report) for report in ("lost", "twice", "held", "old_again"))


def _stopped() -> Iterator[Cell]:
    """Give a stop at each step of a flow run that the case's end does not come before."""
    last = next(n for n, step in enumerate(STEPS) if step.name == "write published")
    yield from (Stopped(step) for step in STEPS[:last] if step.actor == "run")


def matrix() -> tuple[Cell, ...]:
    """Give every cell; names are unique."""
    skewed = (Skewed(part, hours) for part in ("gateway", "runner") for hours in (-1, 1))
    return (*_called_back(), *skewed, Full(), felled(*Side), *_struck(), *_refused(), *_stopped())


def real_gate() -> tuple[Cell, ...]:
    """Give the cells at which the real gate takes part: between its lease and its report anything dies, its own job too."""
    steps = [step for step in STEPS if any(word in step.name for word in ("login of", "leased", "report"))]
    blows: tuple[Blow, ...] = ("kill job", "kill gateway", "kill redis", "cut", "power cut")
    return tuple(Struck(step, side, blow, real=True) for step in steps for side in Side for blow in blows)


def sample(seed: int, many: int) -> tuple[Cell, ...]:
    """Give some cells of different kinds, the same ones for the same seed; the first is killed where a second time would be seen."""
    dice = random.Random(seed)  # noqa: S311 - not for secrets: it must repeat
    kinds = ((felled(Side.AFTER),), tuple(_refused()), tuple(_called_back()), tuple(_stopped()))
    struck = tuple(_struck())
    chosen = [dice.choice(kinds[n] if n < len(kinds) else struck) for n in range(many)]
    return tuple(dict.fromkeys(chosen))
