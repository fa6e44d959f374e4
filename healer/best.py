"""Which attempt of a case that was not healed is the best candidate: what an engineer begins with."""

from collections.abc import Callable
from typing import Final

from healer import turns
from healer.contracts import Attempt, Case, Conclusion

_SHOWN: Final = 12
_RED: Final = frozenset({Conclusion.FAILURE, Conclusion.TIMED_OUT})


def attempt(case: Case) -> Attempt | None:
    """Give the best of the attempts since the case last began, None where none has changed anything.

    One that the guard let through is better than one that it refused; then the one of whose gate run more checks held, the one that
    came further through the portal, the smaller diff, the later one.
    """
    return max((one for one in reversed(turns.series(case)) if one.diff), key=_worth, default=None)


def shown(case: Case) -> Attempt | None:
    """Give the best of the attempts that were pushed and that the gate has judged red; None where none was, or the best one was green."""
    pushed = tuple(one for one in case.attempts if one.head_sha)
    one = attempt(case.model_copy(update={"attempts": pushed}))
    return one if one and one.verdict and one.verdict.conclusion in _RED else None


def _worth(one: Attempt) -> tuple[bool, int, int, int]:
    step = one.failure.step if one.failure else None
    return not one.refusals, one.checks_passed, step or 0, -_lines(one)


def _lines(one: Attempt) -> int:
    """Count the lines that a diff adds or removes."""
    return sum(line[:1] in {"+", "-"} and line[:4] not in {"+++ ", "--- "} for line in one.diff.splitlines())


def words(case: Case, code: Callable[[str], str]) -> str:
    """Say which attempt is the best and where it lies; empty where there is none. `code` sets a commit's number off; nothing is foreign."""
    one = attempt(case)
    if one is None:
        return ""
    size = f"{_lines(one)} lines changed"
    if one.head_sha is None:
        why = "refused" if one.refusals else "not pushed"
        return f"attempt {one.number}, {why}; the case keeps its diff ({size})"
    return f"attempt {one.number}, commit {code(one.head_sha[:_SHOWN])} of the branch ({one.checks_passed} checks held, {size})"


def facts(case: Case) -> dict[str, int | str]:
    """Give what the event of a case's end says of it."""
    one = attempt(case)
    if one is None:
        return {}
    return {"best_attempt": one.number, **({"best_sha": one.head_sha} if one.head_sha else {})}
