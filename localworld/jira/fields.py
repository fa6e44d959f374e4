"""The fields that JQL knows: their values in a ticket, which values exist, and which operators they take."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from localworld.jira.model import Ticket
from localworld.jira.problem import Problem
from localworld.jira.store import Store
from localworld.jira.workflow import RESOLUTIONS, STATUSES, TYPES

Predicate = Callable[[Ticket], bool]
Values = Callable[[Ticket], Collection[str]]
CATEGORIES = {"new": "To Do", "indeterminate": "In Progress", "done": "Done"}
_CHOICE, _TEXT, _DATE = ("=", "!="), ("~", "!~"), ("=", "!=", ">", ">=", "<", "<=")
_ALIASES = {"type": "issuetype", "id": "key", "issue": "key", "issuekey": "key", "createddate": "created"}
_UNRESOLVED = "Unresolved"
_PERIOD = re.compile(r"([+-]?\d+)([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATES = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
_ORDER: dict[str, Callable[[datetime, datetime], bool]] = {
    "=": lambda a, b: a == b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
}


@dataclass(frozen=True)
class Field:
    """One field. `known` holds the values that exist, or is None where any text may be asked for."""

    name: str
    values: Values
    operators: tuple[str, ...]
    known: Collection[str] | None = None
    nothing: str = ""
    """The word that stands for "no value", like resolution's Unresolved."""

    def is_empty(self, ticket: Ticket) -> bool:
        """Tell whether the ticket has no value here."""
        return all(value in ("", self.nothing) for value in self.values(ticket))

    def rank(self, ticket: Ticket) -> tuple[int, str]:
        """Give what to sort by: keys by number, everything else by text."""
        first = next(iter(self.values(ticket)), "").lower()
        number = re.fullmatch(r"[a-z][a-z0-9]*-(\d+)", first) if self.name == "key" else None
        return (int(number[1]), "") if number else (0, first)

    def among(self, wanted: list[str]) -> Predicate:
        """Make the test "has one of these values".

        Raises: Problem 400 where the field takes no list, or a value does not exist.
        """
        if "=" not in self.operators:
            raise self._refuse("in")
        low = {self._checked(value).lower() for value in wanted}
        return lambda ticket: any(value.lower() in low for value in self.values(ticket))

    def compared(self, operator: str, operand: str) -> Predicate:
        """Make the test of one operator; a negated one does not match an empty field, as in JIRA.

        Raises: Problem 400 for an operator that the field does not take, an unknown value or a malformed date.
        """
        if operator not in self.operators:
            raise self._refuse(operator)
        if operator.startswith("!"):
            inner = self.compared(operator[1:], operand)
            return lambda ticket: not self.is_empty(ticket) and not inner(ticket)
        if operator == "~":
            return self._holds(operand)
        if self.operators is _DATE:
            bound, test = _date(self.name, operand), _ORDER[operator]
            return lambda ticket: any(test(_moment(value), bound) for value in self.values(ticket) if value)
        return self.among([operand])

    def _holds(self, operand: str) -> Predicate:
        words = [word.rstrip("*") for word in operand.lower().strip('"').split()]
        return lambda ticket: all(any(word in text.lower() for text in self.values(ticket)) for word in words)

    def _checked(self, value: str) -> str:
        if self.known is not None and value.lower() not in {k.lower() for k in self.known}:
            raise Problem(400, f"The value '{value}' does not exist for the field '{self.name}'.")
        return value

    def _refuse(self, operator: str) -> Problem:
        return Problem(400, f"The operator '{operator}' is not supported by the '{self.name}' field.")


class Fields:
    """All fields of one site, as one user asks for them."""

    def __init__(self, store: Store, me: str) -> None:
        project, users = store.project, list(store.users)
        self._me = me
        choices: list[tuple[str, Values, Collection[str] | None]] = [
            ("project", lambda _t: (project["key"], project["name"]), (project["key"], project["name"], project["id"])),
            ("key", lambda t: (t.key,), list(store.tickets)),
            ("status", lambda t: (t.status,), STATUSES),
            ("statuscategory", lambda t: (CATEGORIES[STATUSES[t.status].category],), CATEGORIES.values()),
            ("issuetype", lambda t: (t.type,), TYPES),
            ("component", lambda t: t.components, store.components),
            ("labels", lambda t: t.labels, None),
            ("assignee", lambda t: (t.assignee or "",), users),
            ("reporter", lambda t: (t.reporter,), users),
        ]
        texts: list[tuple[str, Values]] = [
            ("summary", lambda t: (t.summary,)),
            ("description", lambda t: (t.description,)),
            ("comment", lambda t: [c.body for c in t.comments]),
            ("text", lambda t: [t.summary, t.description, *(c.body for c in t.comments)]),
        ]
        dates: list[tuple[str, Values]] = [
            ("created", lambda t: (t.created,)),
            ("updated", lambda t: (t.updated,)),
            ("resolutiondate", lambda t: (t.resolved or "",)),
        ]
        fields = [Field(name, values, _CHOICE, known) for name, values, known in choices]
        fields += [Field(name, values, _TEXT) for name, values in texts]
        fields += [Field(name, values, _DATE) for name, values in dates]
        fields.append(Field("resolution", _resolution, _CHOICE, [*RESOLUTIONS, _UNRESOLVED], _UNRESOLVED))
        self._fields = {field.name: field for field in fields}

    def named(self, name: str) -> Field:
        """Find a field by its name, any case.

        Raises: Problem 400 for a field that this site does not have.
        """
        low = name.lower()
        field = self._fields.get(_ALIASES.get(low, low))
        if field is None:
            raise Problem(400, f"Field '{name}' does not exist or you do not have permission to view it.")
        return field

    def function(self, name: str) -> str:
        """Work out a function without arguments.

        Raises: Problem 400 for one that we do not know.
        """
        today = datetime.now(UTC)
        known = {
            "now": today.isoformat(),
            "startofday": today.replace(hour=0, minute=0, second=0, microsecond=0).isoformat(),
            "currentuser": self._me,
        }
        if name.lower() not in known:
            raise Problem(400, f"Unable to find JQL function '{name}()'.")
        return known[name.lower()]


def _resolution(ticket: Ticket) -> tuple[str]:
    return (ticket.resolution or _UNRESOLVED,)


def _moment(value: str) -> datetime:
    return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%f%z")


def _date(field: str, value: str) -> datetime:
    if period := _PERIOD.fullmatch(value):
        return datetime.now(UTC) + timedelta(**{_UNITS[period[2]]: int(period[1])})
    for form in _DATES:
        try:
            return datetime.strptime(value, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(value).astimezone(UTC)
    except ValueError:
        text = (
            f"Date value '{value}' for field '{field}' is invalid. Valid formats include 'yyyy-MM-dd HH:mm' and '-5d'."
        )
        raise Problem(400, text) from None
