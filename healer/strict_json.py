"""JSON from strangers, read so that no two readers can understand it differently (RFC 8259, RFC 7493).

Refused: what is not UTF-8, duplicate keys, NaN and infinities, numbers beyond 64 bits or 40 characters, nesting beyond 32 levels,
lone surrogates, NUL.
"""

import json
import math
import re
from typing import Any, Final, NoReturn

from healer.errors import Rejected

MAX_DEPTH: Final = 32
_MAX_NUMBER: Final = 40
_UNFIT: Final = re.compile("[\x00\ud800-\udfff]")


def _refuse(why: str) -> NoReturn:
    raise Rejected(f"the body {why}.", reason="bad_body", status=422) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        _refuse("has a duplicate key")
    return members


def _integer(text: str) -> int:
    if len(text) > _MAX_NUMBER or not -(2**63) <= (number := int(text)) < 2**64:
        _refuse("has a number that is too large")
    return number


def _real(text: str) -> float:
    if len(text) > _MAX_NUMBER or math.isinf(number := float(text)):
        _refuse("has a number that is too large")
    return number


def _constant(_: str) -> NoReturn:
    _refuse("has a number that JSON does not know")


def _check(document: Any) -> None:
    """Walk without recursion, a level at a time."""
    level, depth = [document], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            _refuse("is nested too deeply")
        if any(isinstance(value, str) and _UNFIT.search(value) for value in level):
            _refuse("has a text with NUL or half a character")
        level = [child for value in level for child in _children(value)]


def _children(value: Any) -> list[Any]:
    match value:
        case dict():
            return [*value.keys(), *value.values()]
        case list():
            return value
        case _:
            return []


def parse(body: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises: Rejected (422, `bad_body`), never with any of the body.
    """
    try:
        document = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_real,
            parse_constant=_constant,
        )
    except (ValueError, RecursionError):
        _refuse("is no JSON text in UTF-8")
    _check(document)
    if not isinstance(document, dict):
        _refuse("is no JSON object")
    return document
