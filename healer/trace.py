"""Raw trace → `Trace`, and the error file of a fetch → `Failure`: what a failed fetch saw, fit to leave the runner.

Both inputs come from code that an agent may have edited. What is malformed in them is left out; nothing is raised.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from healer.contracts import Contract, Failure, FailureClass, Lookup, Trace, TraceStep
from healer.lookalike import Lookalike
from healer.page import Page, cut_page, redact_page

MOST_PAGES: Final = 40
LARGEST_PAGE: Final = 256 * 1024
LARGEST_TRACE: Final = 1024 * 1024
_SMALLEST_REST: Final = 1024
_MOST_STEPS: Final = 120
_MOST_LOOKUPS: Final = 200
_LONGEST: Final = {"message": 500, "exception": 200, "selector": 300, "file": 200, "url": 500, "content_type": 100}
_EXITS: Final = {
    3: FailureClass.SOURCE_CHANGED,
    4: FailureClass.SOURCE_DOWN,
    5: FailureClass.AUTH_FAILED,
    6: FailureClass.CONTRACT_BROKEN,
}

C = TypeVar("C", bound=Contract)


# ---------------------------------------------------------------- trace


def redact_trace(raw: Mapping[str, Any], bodies: Mapping[str, bytes], *, key: bytes) -> Trace:
    """Make the `Trace` of a raw trace (SPEC §1); `bodies` maps the raw trace's body names to their bytes.

    Equal values are replaced equally under one `key`. Steps, lookups and bodies that do not have the form of the SPEC
    are left out; beyond the caps the newest page goes first, then those where a lookup found nothing.
    """
    lookalike = Lookalike(key)
    said = _mapping(raw)
    entries = _well_formed(said.get("steps"), lookalike)
    pages = _pages([(step, bodies[body]) for step, body in entries if body in bodies], lookalike)
    names = {number: f"{number:03d}.{page.suffix}" for number, page in sorted(pages.items())}
    named = _valid(Trace, {"importer": said.get("importer")})
    return Trace(
        importer=named.importer if named else "unknown",
        steps=tuple(step.model_copy(update={"page": names.get(step.number)}) for step, _ in entries),
        pages={name: pages[number].text for number, name in names.items()},
    )


def _well_formed(raw_steps: Any, lookalike: Lookalike) -> list[tuple[TraceStep, str]]:
    """Give each usable step with the name of its body, in order, one per number; of too many the middle is left out."""
    items = list(raw_steps) if isinstance(raw_steps, Sequence) and not isinstance(raw_steps, str | bytes) else []
    found: dict[int, tuple[TraceStep, str]] = {}
    for item in items[: _MOST_STEPS // 2] + items[_MOST_STEPS // 2 :][-_MOST_STEPS // 2 :]:
        if isinstance(item, Mapping) and (step := _step(item, lookalike)):
            body = item.get("body")
            found.setdefault(step.number, (step, body if isinstance(body, str) else ""))
    return [found[number] for number in sorted(found)]


def _step(item: Mapping[str, Any], lookalike: Lookalike) -> TraceStep | None:
    lookups = item.get("lookups")
    return _valid(
        TraceStep,
        {
            "number": item.get("number"),
            "status": item.get("status"),
            "method": _text(item, "method")[:10].upper(),
            "url": lookalike.url(_text(item, "url")),
            "content_type": _text(item, "content_type"),
            "lookups": _lookups(lookups if isinstance(lookups, list | tuple) else (), lookalike),
        },
    )


def _lookups(items: Sequence[Any], lookalike: Lookalike) -> tuple[Lookup, ...]:
    # The failing lookup is the last one.
    mappings = [item for item in items[-_MOST_LOOKUPS:] if isinstance(item, Mapping)]
    fields = ("kind", "many", "found", "line")
    made = (
        _valid(
            Lookup,
            {
                **{name: item[name] for name in fields if name in item},
                "selector": lookalike.selector(_text(item, "selector")),
                "file": _text(item, "file"),
            },
        )
        for item in mappings
    )
    return tuple(lookup for lookup in made if lookup)


def _pages(entries: Sequence[tuple[TraceStep, bytes]], lookalike: Lookalike) -> dict[int, Page]:
    """Give the pages that fit, by step number."""
    pages: dict[int, Page] = {}
    room = LARGEST_TRACE
    last = entries[-1][0].number if entries else 0
    for step, body in sorted(entries, key=lambda entry: _weight(entry[0], last)):
        if len(pages) == MOST_PAGES or room < _SMALLEST_REST:
            break
        if page := redact_page(body, step.content_type, lookalike):
            pages[step.number] = cut_page(page, min(LARGEST_PAGE, room))
            room -= len(pages[step.number].text.encode())
    return pages


def _weight(step: TraceStep, last: int) -> tuple[bool, bool, bool]:
    """Order pages by what they explain: the newest one, those that lacked something, those that were asked anything."""
    return step.number != last, all(lookup.found for lookup in step.lookups), not step.lookups


# ---------------------------------------------------------------- failure


def failure_from(error_json: Mapping[str, Any] | None, exit_code: int | None, importer: str) -> Failure:
    """Make the `Failure` of a fetch that did not end with exit 0, from `NAME.error.json` (or None) and the exit code.

    The exit code says which kind it is (SPEC §1); None is a fetch that was stopped by its wall clock.
    """
    said = _mapping(error_json)
    kind = FailureClass.TIMED_OUT if exit_code is None else _EXITS.get(exit_code, FailureClass.CRASHED)
    exception, selector, file = (_text(said, name) for name in ("exception", "selector", "file"))
    return Failure(
        kind=kind,
        exception=exception,
        message=_text(said, "message"),
        step=_count(said.get("step")),
        selector=selector or None,
        file=file or None,
        line=_count(said.get("line")),
        signature=failure_signature(importer, kind, exception, selector, file),
    )


def failure_of_check(kind: FailureClass, name: str, message: str, importer: str) -> Failure:
    """Make the `Failure` of a fetch that did not pass the gate's check of this name, however it ended itself."""
    exception = f"gate check {name}"
    return Failure(
        kind=kind,
        exception=exception,
        message=message,
        signature=failure_signature(importer, kind, exception, None, None),
    )


def failure_signature(importer: str, kind: str, exception: str, selector: str | None, file: str | None) -> str:
    """Give the 16 hex digits by which two runs of one breakage agree (SPEC §1, "Failure signature")."""
    parts = (importer, kind, exception, selector or "", file or "")
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _text(item: Mapping[str, Any], name: str) -> str:
    """Give a member that is a text, capped and encodable; else an empty text."""
    value = item.get(name)
    capped = value[: _LONGEST.get(name, 100)] if isinstance(value, str) else ""
    return capped.encode("utf-8", "replace").decode()


def _valid(model: type[C], fields: Mapping[str, Any]) -> C | None:
    try:
        return model.model_validate(fields)
    except ValidationError:
        return None
