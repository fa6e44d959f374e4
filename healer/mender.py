"""Brief and sources → edits: finds again everything that moved on the pages that the fetch saw, and edits the selectors' literals.

All lookups of a page are relocated together, also those that the fetch did not come to: the good trace says what they would have asked.
Either every lookup that lost its answer gets one, or nothing is edited.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from healer import challenge, keys, rewrite
from healer.contracts import AgentAnswer, Brief, Lookup
from healer.pairing import Pair, lookups_of, pairs
from healer.portrait import page_of
from healer.relocate import Relocation, relocate, relocate_field, relocate_in_rows
from healer.selector import select
from healer.triage import failing_step

_AGENT: Final = "relocate"


class _Move(NamedTuple):
    """What became of one lookup."""

    lookup: Lookup
    to: Relocation | None


def mend(brief: Brief, sources: Mapping[str, str]) -> tuple[dict[str, str], AgentAnswer]:
    """Give new texts for the sources that must change, and what was done and why.

    Where nothing can be done without a guess, there are no edits and `not_fixable_because` says what is missing.
    """
    why = _hopeless(brief)
    if why:
        return {}, _gives_up(why)
    moves = _moves(brief)
    why = _unanswered(brief, moves)
    if why:
        return {}, _gives_up(why)
    return _edited(moves, sources)


def _gives_up(why: str) -> AgentAnswer:
    return AgentAnswer(agent=_AGENT, diagnosis=why, not_fixable_because=why)


def _hopeless(brief: Brief) -> str:
    step = failing_step(brief.now, brief.failure)
    page = brief.now.pages.get(step.page or "") if step else None
    if step is None or page is None:
        return "There is no page of the failure to learn from."
    sign = challenge.recognise(page, step.status)
    if sign:
        return f"Step {step.number} shows {sign.what}; no importer may pass that by itself."
    if brief.last_good is None or not brief.last_good.pages:
        return "There is no trace of a good fetch to compare with."
    return ""


# ---------------------------------------------------------------- relocation of all lookups


def _moves(brief: Brief) -> list[_Move]:
    """Relocate each lookup of the good trace once, on the first page that pairs with its own: the failing one if it can be."""
    good, step = brief.last_good, failing_step(brief.now, brief.failure)
    found: dict[tuple[str, str, int, str], _Move] = {}
    for pair in pairs(brief.now, good, step.number if step else None) if good else ():
        answers: dict[Lookup, Relocation | None] = {}
        for lookup, scope in lookups_of(pair):
            home = answers.get(scope) if scope else None
            answers[lookup] = (
                None if scope and not home else _relocated(pair, lookup, scope, home, _is_trusted(brief, lookup))
            )
            found.setdefault((lookup.kind, lookup.file, lookup.line, lookup.selector), _Move(lookup, answers[lookup]))
    return list(found.values())


def find_moved(brief: Brief, selector: str) -> Relocation | None:
    """Say what finds now what `selector` found in the last good fetch; None where nothing surely does, or no good fetch is known.

    A selector that the fetch used is answered as `mend` would; any other one is CSS or XPath for a whole page.
    """
    known = [move.to for move in _moves(brief) if move.lookup.selector == selector]
    if known:
        return next((to for to in known if to), None)
    step = failing_step(brief.now, brief.failure)
    paired = pairs(brief.now, brief.last_good, step.number if step else None) if brief.last_good else []
    found = (relocate(pair.good_page, selector, pair.now_page) for pair in paired)
    return next((to for to in found if to), None)


def _is_trusted(brief: Brief, lookup: Lookup) -> bool:
    """Say whether what the lookup finds now may be right: the one at which the fetch failed gave nothing, or what cannot be read."""
    failure = brief.failure
    return (failure.selector, failure.file, failure.line) != (lookup.selector, lookup.file, lookup.line)


def _relocated(
    pair: Pair,
    lookup: Lookup,
    scope: Lookup | None,
    home: Relocation | None,
    trusted: bool,  # noqa: FBT001 - passed on
) -> Relocation | None:
    if scope is None or home is None:
        old, new = pair.good_page, pair.now_page
        return relocate(old, lookup.selector, new, kind=lookup.kind, many=lookup.many, trusted=trusted)
    if lookup.kind == "json":
        return _in_items(pair, lookup, scope.selector, home.selector)
    old_page, new_page = page_of(pair.good_page), page_of(pair.now_page)
    if old_page is None or new_page is None:
        return None
    before, after = select(old_page.root, scope.selector), select(new_page.root, home.selector)
    if not before or not after:
        return None
    if lookup.kind == "field":
        return relocate_field(old_page, lookup.selector, new_page, before[0], after[0])
    return relocate_in_rows(old_page, before, lookup.selector, new_page, after, trusted=trusted)


def _in_items(pair: Pair, lookup: Lookup, old_list: str, new_list: str) -> Relocation | None:
    olds, news = keys.dig(keys.read(pair.good_page), old_list), keys.dig(keys.read(pair.now_page), new_list)
    if not isinstance(olds, list) or not isinstance(news, list):
        return None
    moved = keys.relocate_in(olds, lookup.selector, news)
    if moved is None:
        return None
    kept = moved.path == lookup.selector
    return Relocation(selector=moved.path, confidence=moved.confidence, margin=moved.margin, kept=kept)


# ---------------------------------------------------------------- what cannot be done


def _unanswered(brief: Brief, moves: list[_Move]) -> str:
    gone = [move.lookup for move in moves if move.to is None]
    if gone:
        named = ", ".join(f"`{lookup.selector}` ({lookup.file}:{lookup.line})" for lookup in gone[:3])
        return f"These have no counterpart on the page as it is now that could be told from its neighbours: {named}."
    if not moves:
        return "No page of the failed fetch could be paired with a page of the last good one."
    if not any(move.to and not move.to.kept for move in moves):
        return "Every lookup still finds what it found in the last good fetch; what failed is something else."
    return _again(brief, moves)


def _again(brief: Brief, moves: list[_Move]) -> str:
    """Refuse to give the answer that failed already."""
    failed = (brief.failure.selector, brief.failure.line)
    for move in moves:
        if move.to and not move.to.kept and (move.to.selector, move.lookup.line) == failed:
            return f"`{move.to.selector}` was tried already and does not give what it should; there is no second candidate."
    return ""


# ---------------------------------------------------------------- edits


def _edited(moves: list[_Move], sources: Mapping[str, str]) -> tuple[dict[str, str], AgentAnswer]:
    texts, lines = dict(sources), []
    changed = [move for move in moves if move.to and not move.to.kept]
    for move in changed:
        lookup, new = move.lookup, move.to.selector if move.to else ""
        source = texts.get(lookup.file)
        edited = rewrite.replace(source, lookup.line, lookup.selector, new) if source is not None else None
        if edited is None:
            return {}, _gives_up(
                f"`{lookup.selector}` does not stand exactly once, written out, at {lookup.file}:{lookup.line}."
            )
        texts[lookup.file] = edited
        lines.append(f"{lookup.file}:{lookup.line}: {lookup.kind} `{lookup.selector}` is `{new}` now")
    edits = {path: text for path, text in texts.items() if text != sources.get(path)}
    return edits, _answer(changed, len(moves), lines)


def _answer(changed: list[_Move], asked: int, lines: list[str]) -> AgentAnswer:
    return AgentAnswer(
        agent=_AGENT,
        diagnosis=f"The portal's pages changed: {len(changed)} of {asked} lookups no longer find what they found in the last good fetch.",
        confidence=min((move.to.confidence for move in changed if move.to), default=0.0),
        changes=tuple(lines),
    )
