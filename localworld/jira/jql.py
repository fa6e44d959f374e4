"""JQL, strictly: what JIRA would refuse is refused with 400, never ignored.

query  = [ either ] [ ORDER BY field [ASC | DESC] {"," field [ASC | DESC]} ]
either = both {OR both}        both = one {AND one}
one    = NOT one | "(" either ")" | field operator operand
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from localworld.jira.fields import Field, Fields
from localworld.jira.model import Ticket
from localworld.jira.problem import Problem

Predicate = Callable[[Ticket], bool]
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<sign>!=|>=|<=|!~|[=><~(),])|(?P<word>[^\s=!<>~(),"']+))"""
)
_SIGNS = ("=", "!=", ">", ">=", "<", "<=", "~", "!~")


@dataclass(frozen=True)
class Token:
    """A piece of a query; `kind` is text, sign, word or end."""

    kind: str
    value: str

    def is_word(self, *words: str) -> bool:
        """Tell whether it is one of these keywords."""
        return self.kind == "word" and self.value.lower() in words


@dataclass(frozen=True)
class Query:
    """A query ready to run. `bounded` tells whether it restricts anything at all."""

    matches: Predicate
    order: tuple[tuple[Field, bool], ...]
    bounded: bool

    def run(self, tickets: list[Ticket]) -> list[Ticket]:
        """Give the matching tickets in order; without an order the newest first."""
        found = sorted(filter(self.matches, tickets), key=lambda t: -int(t.id))
        for field, descending in reversed(self.order):
            found.sort(key=field.rank, reverse=descending)
        return found


def parse(text: str, fields: Fields) -> Query:
    """Read a query.

    Raises: Problem 400 for a syntax error, an unknown field, function or value, or an operator the field does not have.
    """
    return _Parser(_tokens(text), fields).query()


def _tokens(text: str) -> list[Token]:
    found, at, end = list[Token](), 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise Problem(
                400, f"Error in the JQL Query: The character '{text[at:].strip()[0]}' is a reserved JQL character."
            )
        at, kind = match.end(), str(match.lastgroup)
        value = match[kind]
        found.append(Token(kind, re.sub(r"\\(.)", r"\1", value[1:-1]) if kind == "text" else value))
    return found


class _Parser:
    def __init__(self, tokens: list[Token], fields: Fields) -> None:
        self._tokens, self._at, self._fields = tokens, 0, fields

    # ------------------------------------------------------------ tokens

    @property
    def _next(self) -> Token:
        return self._tokens[self._at] if self._at < len(self._tokens) else Token("end", "")

    def _take(self) -> Token:
        token = self._next
        self._at += 1
        return token

    def _took(self, *words: str) -> bool:
        """Take the next token if it is one of these words or signs."""
        hit = self._next.is_word(*words) or (self._next.kind == "sign" and self._next.value in words)
        self._at += hit
        return hit

    def _must(self, word: str) -> None:
        if not self._took(word):
            raise self._bad()

    def _bad(self) -> Problem:
        if self._next.kind == "end":
            return Problem(
                400, "Error in the JQL Query: Expecting a value, list, operator or function but the query ended."
            )
        return Problem(400, f"Error in the JQL Query: '{self._next.value}' is not expected here.")

    # ------------------------------------------------------------ grammar

    def query(self) -> Query:
        bounded = self._next.kind != "end" and not self._next.is_word("order")
        matches = self._either() if bounded else lambda _ticket: True
        order = self._order() if self._took("order") else ()
        if self._next.kind != "end":
            raise self._bad()
        return Query(matches, order, bounded)

    def _order(self) -> tuple[tuple[Field, bool], ...]:
        self._must("by")
        keys = [(self._field(), self._descending())]
        while self._took(","):
            keys.append((self._field(), self._descending()))
        return tuple(keys)

    def _descending(self) -> bool:
        descending = self._took("desc")
        if not descending:
            self._took("asc")
        return descending

    def _either(self) -> Predicate:
        parts = [self._both()]
        while self._took("or"):
            parts.append(self._both())
        return lambda ticket: any(part(ticket) for part in parts)

    def _both(self) -> Predicate:
        parts = [self._one()]
        while self._took("and"):
            parts.append(self._one())
        return lambda ticket: all(part(ticket) for part in parts)

    def _one(self) -> Predicate:
        if self._took("not"):
            inner = self._one()
            return lambda ticket: not inner(ticket)
        if self._took("("):
            inner = self._either()
            self._must(")")
            return inner
        return self._clause()

    def _field(self) -> Field:
        if self._next.kind not in ("text", "word"):
            raise self._bad()
        return self._fields.named(self._take().value)

    def _clause(self) -> Predicate:
        field = self._field()
        if self._took("is"):
            return self._emptiness(field)
        if self._took("in"):
            return field.among(self._list())
        if self._took("not"):
            self._must("in")
            inner = field.among(self._list())
            return lambda ticket: not field.is_empty(ticket) and not inner(ticket)
        if self._next.kind != "sign" or self._next.value not in _SIGNS:
            raise self._bad()
        return field.compared(self._take().value, self._operand())

    def _emptiness(self, field: Field) -> Predicate:
        wanted = not self._took("not")
        if not self._took("empty", "null"):
            raise self._bad()
        return lambda ticket: field.is_empty(ticket) is wanted

    def _list(self) -> list[str]:
        self._must("(")
        values = [self._operand()]
        while self._took(","):
            values.append(self._operand())
        self._must(")")
        return values

    def _operand(self) -> str:
        if self._next.kind not in ("text", "word"):
            raise self._bad()
        token = self._take()
        if token.kind == "word" and self._took("("):
            self._must(")")
            return self._fields.function(token.value)
        return token.value
