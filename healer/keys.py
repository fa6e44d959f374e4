"""Relocation in JSON: keys joined by dots → the keys under which the same value stands now.

Keys are compared by their words, values by their shape, objects by what they hold; a value itself is never compared.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

from healer.wording import TextShape, alike, overlap, shape_of, words

_LEAST_POINTS: Final = 3.6
_LEAST_MARGIN: Final = 1.0
_DEEPEST: Final = 8
_MOST: Final = 600
_LOOSE: Final = frozenset({TextShape.NUMBER, TextShape.CODE, TextShape.MONEY, TextShape.QUANTITY})


class MovedKey(NamedTuple):
    """Where a value is now; `path` has keys joined by dots."""

    path: str
    confidence: float
    margin: float


@dataclass(frozen=True)
class _Node:
    """One value, reached by keys alone. `rank` counts it among the siblings of the same shape."""

    path: tuple[str, ...]
    shape: str
    holds: frozenset[str]
    beside: frozenset[str]
    rank: int

    @property
    def key(self) -> frozenset[str]:
        return words(self.path[-1])

    @property
    def above(self) -> frozenset[str]:
        return frozenset().union(*(words(key) for key in self.path[:-1]))


@lru_cache(maxsize=16)
def read(text: str) -> Any:
    """Give the value of a JSON text, None where it is none. The value is shared: nobody may change it."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def dig(value: Any, path: str) -> Any:
    """Give the value under keys joined by dots, None where there is none."""
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def lists_in(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, list[Any]]]:
    """Give each list of objects in a value with its path, outer ones first."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        yield ".".join(path), value
    if isinstance(value, dict) and len(path) < _DEEPEST:
        for key, part in value.items():
            yield from lists_in(part, (*path, key))


def relocate(old_text: str, path: str, new_text: str) -> MovedKey | None:
    """Find the value of a JSON page again. A path that begins in a list's items is sought in the items of the list that took its place."""
    old, new = read(old_text), read(new_text)
    if not isinstance(old, dict | list) or not isinstance(new, dict | list) or _is_refusal(old, new):
        return None
    if dig(old, path) is not None:
        return relocate_in([old], path, [new])
    for place, items in lists_in(old):
        if any(dig(item, path) is not None for item in items):
            moved = relocate_in([old], place, [new]) if place else MovedKey("", 1.0, 0.0)
            found = (dig(new, moved.path) if moved and moved.path else new) if moved else None
            return relocate_in(items, path, found) if isinstance(found, list) else None
    return None


def _is_refusal(old: Any, new: Any) -> bool:
    """Tell an answer that names an error where the old one did not."""
    tells = {"error", "errors", "exception", "fault"}
    mine, theirs = (set(value) if isinstance(value, dict) else set() for value in (old, new))
    return bool(theirs & tells) and not mine & tells


def relocate_in(olds: Sequence[Any], path: str, news: Sequence[Any]) -> MovedKey | None:
    """Find the value under `path` of the old objects in the new ones, which are of one kind each."""
    sought = next((value for value in olds if dig(value, path) is not None), None)
    if sought is None or not news:
        return None
    before, after = list(_nodes(sought)), list(_nodes(_fullest(news)))
    target = next(node for node in before if ".".join(node.path) == path)
    standing = next((node for node in after if node.path == target.path), None)
    if standing and _values(target.shape, standing.shape) >= 0:
        return MovedKey(path, 1.0, 0.0)
    return _best(target, before, after)


def _fullest(values: Sequence[Any]) -> Any:
    return max(values[:3], key=lambda value: len(value) if isinstance(value, dict) else 0)


def _best(target: _Node, before: Sequence[_Node], after: Sequence[_Node]) -> MovedKey | None:
    ranked = sorted(((_points(target, node), node) for node in after), key=lambda pair: -pair[0])
    if not ranked:
        return None
    points, found = ranked[0]
    second = ranked[1][0] if len(ranked) > 1 else points - 2 * _LEAST_MARGIN
    claim = max((_points(node, found) for node in before if node is not target), default=second)
    margin = points - max(second, claim)
    if points < _LEAST_POINTS or margin < _LEAST_MARGIN:
        return None
    sure = min(0.99, points / (2 * _LEAST_POINTS), margin / (2 * _LEAST_MARGIN))
    return MovedKey(".".join(found.path), round(sure, 3), round(margin, 3))


def _points(old: _Node, new: _Node) -> float:
    points = 4.0 * alike(old.key, new.key) + 2.0 * alike(old.key | old.above, new.key | new.above)
    points += 1.0 * alike(old.above, new.above) + _values(old.shape, new.shape)
    points += 3.0 * overlap(old.holds, new.holds) + 2.0 * alike(old.beside, new.beside)
    points += 0.75 if old.rank == new.rank else -0.25
    return points - 0.2 * abs(len(old.path) - len(new.path))


def _values(old: str, new: str) -> float:
    if old == new:
        return 2.0
    if "null" in {old, new}:
        return -0.5
    return 0.0 if {old, new} <= _LOOSE else -5.0


def _nodes(value: Any, path: tuple[str, ...] = ()) -> Iterator[_Node]:
    if not isinstance(value, dict) or len(path) >= _DEEPEST:
        return
    seen: dict[str, int] = {}
    for key, part in list(value.items())[:_MOST]:
        shape = _shape(part)
        rank = seen[shape] = seen.get(shape, -1) + 1
        beside = frozenset().union(*(words(other) for other in value if other != key))
        yield _Node((*path, key), shape, _holds(part), beside, rank)
        yield from _nodes(part, (*path, key))


def _shape(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case dict():
            return "object"
        case list():
            return "list"
        case str() if value.startswith(("/", "http://", "https://")):
            return "address"
        case _:
            return shape_of(str(value))


def _holds(value: Any) -> frozenset[str]:
    """Give what an object, or the first object of a list, is made of: words of its keys and shapes of its values."""
    part = value[0] if isinstance(value, list) and value else value
    found: set[str] = set()
    for node in _nodes(part):
        found |= node_words(node.path[-1]) | {f"is:{node.shape}"}
    return frozenset(found)


def node_words(key: str) -> frozenset[str]:
    """Give the words of a key, synonyms made one."""
    return frozenset(word for word in words(key))
