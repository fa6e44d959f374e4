"""Recorded pages → the answers of a portal that is not there: what an earlier fetch saw, given again to a gatherer that asks again.

A recording has no redirects. A form whose answer was not recorded is answered by one to the next page, as portals do after a form.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from healer import pdf_text
from healer.contracts import Trace

PDF: Final = pdf_text.made("")
"""What stands in for a PDF whose bytes were not kept."""
_SEE_OTHER, _NOT_FOUND = 303, 404
_CHARSET: Final = re.compile(r"(charset\s*=\s*[\"']?utf-)\d", re.IGNORECASE)


class Exchange(NamedTuple):
    """One page that came. `body` is None where its bytes were not kept."""

    method: str
    url: str
    status: int
    content_type: str
    body: bytes | None


class Answer(NamedTuple):
    """What is sent back."""

    status: int
    content_type: str = "text/plain; charset=utf-8"
    body: bytes = b""
    location: str | None = None


@dataclass(frozen=True)
class Asked:
    """One request and how it was answered: by `step` (from 1) of recording `tape` (from 0), or by none.

    `alike` means that the recorded address has other digits than the one that was asked for.
    """

    method: str
    target: str
    status: int
    tape: int | None = None
    step: int | None = None
    alike: bool = False


class Replay:
    """Answers from `recordings`, the one that counts most first; what it does not have is looked for in the next one.

    `asked` are the requests so far. With `exact`, an address that differs in its digits is not found.
    """

    def __init__(self, recordings: Sequence[Sequence[Exchange]], *, exact: bool = False) -> None:
        hosts = {urlsplit(exchange.url).netloc for tape in recordings for exchange in tape} - {""}
        self._tapes = [_Tape([_local(exchange, hosts) for exchange in tape]) for tape in recordings]
        self._sames: tuple[_Same, ...] = (_place,) if exact else (_place, _shape)
        self.asked: list[Asked] = []

    def answer(self, method: str, target: str) -> Answer:
        """Answer the next request. `target` is the path, with the query where there is one."""
        for same in self._sames:
            for number, tape in enumerate(self._tapes):
                found = tape.find(method, target, same)
                if found is not None:
                    return self._given(Asked(method, target, 0, number, found + 1, same is not _place))
        return self._elsewhere(method, target)

    def _given(self, asked: Asked) -> Answer:
        exchange = self._tapes[asked.tape or 0].exchanges[(asked.step or 1) - 1]
        for tape in self._tapes:
            tape.passed(exchange)
        self.asked.append(Asked(asked.method, asked.target, exchange.status, asked.tape, asked.step, asked.alike))
        return Answer(exchange.status, exchange.content_type, _body(exchange))

    def _elsewhere(self, method: str, target: str) -> Answer:
        """Send on to the next page after a form, and to the first one whoever begins at another address."""
        onward = next((tape.next for tape in self._tapes if tape.next), None)
        if onward is None or (method != "POST" and self.asked):
            self.asked.append(Asked(method, target, _NOT_FOUND))
            return Answer(_NOT_FOUND, body=b"This page was not recorded.")
        self.asked.append(Asked(method, target, _SEE_OTHER))
        return Answer(_SEE_OTHER, location=_target(onward.url))


_Same = Callable[[str], str]
"""What two addresses have in common that are taken for one."""


class _Tape:
    """One recording, and how far it has been played."""

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self.exchanges, self._at = exchanges, 0

    @property
    def next(self) -> Exchange | None:
        return self.exchanges[self._at] if self._at < len(self.exchanges) else None

    def find(self, method: str, target: str, same: _Same) -> int | None:
        """Give the place of the next exchange that fits, else of the last one that did."""
        wanted = same(target)
        found = [n for n, e in enumerate(self.exchanges) if e.method == method and same(_target(e.url)) == wanted]
        return next((n for n in found if n >= self._at), found[-1] if found else None)

    def passed(self, exchange: Exchange) -> None:
        """Go on behind an exchange that was given, also where another tape gave it."""
        for same in (_place, _shape):
            found = self.find(exchange.method, _target(exchange.url), same)
            if found is not None:
                self._at = max(self._at, found + 1)
                return


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _place(target: str) -> str:
    """Give the path and the names of the query: a recording has no values of queries."""
    path, _, query = target.partition("?")
    return f"{path}?{'&'.join(sorted(part.partition('=')[0] for part in query.split('&')))}"


def _shape(target: str) -> str:
    """Give the place with its digits evened out: an address in the source has not gone through redaction."""
    return re.sub(r"\d", "0", _place(target))


def _body(exchange: Exchange) -> bytes:
    if exchange.body is not None:
        return exchange.body
    return PDF if "pdf" in exchange.content_type.lower() else b""


def _local(exchange: Exchange, hosts: set[str]) -> Exchange:
    """Take the recorded hosts out of a page's addresses, so that they lead back here."""
    if exchange.body is None or not hosts:
        return exchange
    names = "|".join(re.escape(host) for host in sorted(hosts, key=len, reverse=True))
    origin = re.compile(rf"(?:https?:)?//(?:{names})(?![\w.:-])(/?)".encode(), re.IGNORECASE)
    return exchange._replace(body=origin.sub(b"/", exchange.body))


# ---------------------------------------------------------------- a redacted recording


def of_trace(trace: Trace) -> tuple[Exchange, ...]:
    """Give the exchanges of a `Trace`, its made-up dates turned into dates that there are."""
    return tuple(
        Exchange(
            step.method,
            _with_dates(step.url),
            step.status,
            step.content_type,
            _readable(trace.pages[step.page]).encode() if step.page in trace.pages else None,
        )
        for step in trace.steps
    )


def _readable(page: str) -> str:
    return _with_dates(_CHARSET.sub(r"\g<1>8", page))


# Redaction leaves of a date only where its digits stood. A day to 28 and a month stay as they are.
_YEAR_FIRST: Final = re.compile(r"(?<![\d.,:/-])(\d{4})([-/.])(\d\d)\2(\d\d)(?![\d/-])")
_YEAR_LAST: Final = re.compile(r"(?<![\d.,:/-])(\d\d?)([-/.] ?)(\d\d?)\2(\d{4}|\d\d)(?![\d/-])")
_IN_WORDS: Final = re.compile(r"(?<![\d.,:/-])(\d\d?)(\.?,? (?:[^\W\d_]{3,12}\.?,? )?)(\d{4})(?!\d)")


def _with_dates(text: str) -> str:
    text = _YEAR_FIRST.sub(lambda m: f"{_year(m[1])}{m[2]}{_part(m[3], 12)}{m[2]}{_part(m[4], 28)}", text)
    # Whether day or month comes first is not known; twelve is a limit for both.
    text = _YEAR_LAST.sub(lambda m: f"{_part(m[1], 12)}{m[2]}{_part(m[3], 12)}{m[2]}{_year(m[4])}", text)
    return _IN_WORDS.sub(lambda m: f"{_part(m[1], 28)}{m[2]}{_year(m[3])}", text)


def _year(digits: str) -> str:
    short = int(digits[-2:]) % 30
    return digits if len(digits) == 4 and digits[:2] in {"19", "20"} else f"20{short:02d}"[-len(digits) :]  # noqa: PLR2004 - digits of a year


def _part(digits: str, most: int) -> str:
    number = int(digits)
    kept = digits if 1 <= number <= most else str(1 + number % most)
    return kept.zfill(len(digits))[-len(digits) :] if len(kept) <= len(digits) else str(1 + number % 9)
