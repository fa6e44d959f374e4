"""Autonomy: how far the healer goes by itself for an importer, as its healings have earned it and people have said.

Pure: event chains and people's words in, a level with its reason out (SPEC §3, "Autonomy"). Trust is lost faster than it is won.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from healer.chain import EventData
from healer.contracts import Autonomy, CaseId, Contract, Event, Importer, Reason, State
from healer.turns import ASKED

LADDER: Final = tuple(Autonomy)
PROMOTED_AFTER: Final = 2
"""So many healings in a row, merged and confirmed, raise the level by one."""
TOO_OFTEN: Final = 4
"""So many published healings in the window, and the level is one lower until they lie further back."""
WINDOW: Final = timedelta(days=90)
PLAIN: Final = "As importers.toml says."


class Deed(StrEnum):
    """What a healing came to, as far as trust goes."""

    PUBLISHED = "published"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FAILED = "failed"


class Outcome(Contract):
    """One deed of a case, at a time (UTC)."""

    case: CaseId
    deed: Deed
    at: datetime


class Word(Contract):
    """What a person said about an importer's level; `level` None withdraws what was said before. `held`: outcomes do not move it."""

    level: Autonomy | None
    held: bool = False
    by: str
    reason: str
    at: datetime


class Earned(Contract):
    """The level that holds, the one in `importers.toml`, and why they differ or do not."""

    level: Autonomy
    start: Autonomy
    why: str


_BY_KIND: Final = {
    State.PUBLISHED.value: Deed.PUBLISHED,
    State.CONFIRMED.value: Deed.ACCEPTED,
    State.CLOSED_UNMERGED.value: Deed.REJECTED,
}
_LOWERS: Final = {
    Deed.REJECTED: "the pull request of {case} was closed without a merge",
    Deed.FAILED: "production failed with the merged change of {case}",
}


def outcomes(case: CaseId, events: Iterable[Event]) -> Iterator[Outcome]:
    """Give a case's deeds as its chain tells them."""
    for event in events:
        failed = event.data.get("reason") == Reason.NOT_CONFIRMED.value
        deed = Deed.FAILED if failed else _BY_KIND.get(event.kind)
        if deed:
            yield Outcome(case=case, deed=deed, at=event.at)


def earned(importer: Importer, told: Iterable[Outcome], word: Word | None, now: datetime) -> Earned:
    """Give the level of an importer at `now` (UTC). `told` are its cases' deeds in any order, `word` is what a person said last."""
    start = importer.autonomy
    if word is None or word.level is None:
        level, why, since = start, PLAIN, None
    else:
        level, since = word.level, word.at
        why = f"Set by {word.by} on {word.at:%Y-%m-%d}: {word.reason}"
        if word.held:
            return Earned(level=level, start=start, why=f"{why} It is held there.")
    deeds = sorted((one for one in told if since is None or one.at > since), key=lambda one: one.at)
    level, moved = _walked(level, deeds)
    level, often = _eased(level, deeds, now)
    return Earned(level=level, start=start, why=" ".join(part for part in (moved or why, often) if part))


def _walked(level: Autonomy, deeds: Sequence[Outcome]) -> tuple[Autonomy, str]:
    """Go up and down the ladder, deed by deed; give where that ends, and the reason of the last step."""
    good, why = 0, ""
    for one in deeds:
        if one.deed is Deed.ACCEPTED:
            good += 1
            if good >= PROMOTED_AFTER and level is not LADDER[-1]:
                level, good = _step(level, 1), 0
                why = f"Raised: {PROMOTED_AFTER} healings in a row were merged and confirmed, {one.case} the last."
        elif one.deed in _LOWERS:
            level, good = _step(level, -1), 0
            why = f"Lowered: {_LOWERS[one.deed].format(case=one.case)}."
    return level, why


def _eased(level: Autonomy, deeds: Sequence[Outcome], now: datetime) -> tuple[Autonomy, str]:
    """Take one level off where the importer is healed again and again: somebody should rewrite it, and look at each change until then."""
    healed = {one.case for one in deeds if one.deed is Deed.PUBLISHED and now - one.at <= WINDOW}
    if len(healed) < TOO_OFTEN or level is LADDER[0]:
        return level, ""
    return _step(level, -1), f"One level less for now: healed {len(healed)} times in {WINDOW.days} days."


def _step(level: Autonomy, by: int) -> Autonomy:
    return LADDER[min(max(LADDER.index(level) + by, 0), len(LADDER) - 1)]


def of_case(found: Earned, events: Iterable[Event]) -> Earned:
    """Give the level for one case: where a person has asked for its pull request, at least a draft."""
    by = next((str(event.data.get("by")) for event in events if event.kind == ASKED), None)
    if by is None or LADDER.index(found.level) >= LADDER.index(Autonomy.DRAFT):
        return found
    return found.model_copy(update={"level": Autonomy.DRAFT, "why": f"Asked for by {by}. {found.why}"})


def facts(found: Earned) -> EventData:
    """Give a level as the case's chain keeps it."""
    return {"autonomy": found.level.value, "autonomy_start": found.start.value, "autonomy_why": found.why}


def words(found: Earned) -> str:
    """Put a level into words: the level itself, where it began if that is another, and why."""
    name, start = (one.value.replace("_", " ") for one in (found.level, found.start))
    return f"{name}{f' (began as {start})' if start != name else ''}. {found.why}"
