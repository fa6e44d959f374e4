"""Secrets known by their form alone: vendors' tokens, keys, headers, addresses with a login in them; personal data on demand.

A pattern is tried only where one of its shape's hints stands. All patterns are bounded and most keep to one line, so that a stream
need not wait long to know.
"""

import re
from collections.abc import Iterator, Mapping
from string import ascii_letters, ascii_lowercase, digits
from typing import Final, NamedTuple

from healer.search import Search
from healer.views import Span, fold

_LONGEST: Final = 32_768
"""No pattern looks at more characters than this."""
_LONGEST_LEAD: Final = 64
_LONGEST_UNHINTED: Final = 1028


class Shape(NamedTuple):
    """One form of secret; masked is the group `secret` where the pattern has one, else the whole match.

    It begins with one of `hints`, which are folded, after a run of the characters `lead`. While `reach` matches up to the end of a
    text, more text may change what the pattern finds. Without hints the pattern begins with a literal that is too frequent for
    them, and is tried on the whole text.
    """

    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    reach: re.Pattern[str]
    lead: str = ""

    def begin(self, text: str, hint: int) -> int:
        """Give where the shape begins whose hint stands at the index `hint`."""
        if not self.lead:
            return hint
        before = text[max(0, hint - _LONGEST_LEAD) : hint]
        return hint - len(before) + len(before.rstrip(self.lead))

    def is_open(self, text: str, begin: int) -> bool:
        """Say whether more text may change what the pattern finds at `begin`."""
        reached = self.reach.match(text, begin) if len(text) - begin <= _LONGEST else None
        return reached is not None and reached.end() == len(text)

    def span(self, text: str, begin: int) -> Span | None:
        """Give start and end of the secret in the shape that begins at `begin`, or None."""
        found = self.pattern.match(text, begin)
        return found.span("secret" if "secret" in self.pattern.groupindex else 0) if found else None


def _token(letters: str, pattern: str, *hints: str) -> Shape:
    """Give the shape of one word of certain letters, which ends where another character stands."""
    return Shape(hints, re.compile(pattern, re.ASCII), re.compile(rf"[{letters}]{{1,{_LONGEST}}}", re.ASCII))


def _phrase(pattern: str, reach: str, *hints: str, lead: str = "") -> Shape:
    flags = re.ASCII | re.IGNORECASE
    return Shape(hints, re.compile(pattern, flags), re.compile(reach, flags), lead)


_PEM_END = r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----"
_PEM_BODY = r"[^\"'<>{}]"
_QUOTED = r"[ \t]{0,8}[\\\"']{0,9}"
_AUTHORIZATION = r"authorization[\\\"']{0,9}[ \t]{0,8}"
_SCHEME = r"(?:basic|bearer|token|digest|negotiate|ntlm|apikey)"

SECRETS: Final[tuple[Shape, ...]] = (
    # ghs_<app id>_<JWT> is the form of installation tokens since 2026; the dot and dash belong to the JWT.
    _token(
        r"\w.\-",
        r"\bgh[pousr]_[A-Za-z0-9_][A-Za-z0-9_.\-]{18,8192}",
        *("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
    ),
    _token(r"\w", r"\bgithub_pat_[A-Za-z0-9_]{20,1024}", "github_pat_"),
    _token(r"\w\-", r"\bsk-ant-[A-Za-z0-9_\-]{16,1024}", "sk-ant-"),
    _token(r"\w", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", "akia", "asia"),
    _phrase(
        r"(?:secret_?access_?key|session_?token)[^\w\n]{1,8}(?P<secret>[a-z0-9/+=]{40,8192})",
        r"(?:secret_?access_?key|session_?token)[^\w\n]{0,8}[a-z0-9/+=]{0,8192}",
        *("secretaccesskey", "secret_access_key", "sessiontoken", "session_token"),
    ),
    _token(r"\w\-=", r"\bAT[ACS]TT3[A-Za-z0-9_\-=]{20,1024}", "atatt3", "atctt3", "atstt3"),  # Atlassian
    _token(
        r"\w.\-",
        r"\b(?:xox[a-z]|xapp)-[A-Za-z0-9.\-]{10,1024}",
        *(f"xox{letter}-" for letter in ascii_lowercase),
        "xapp-",
    ),
    _token(r"\w./\-", r"hooks\.slack\.com/(?P<secret>[A-Za-z0-9/_\-]{10,1024})", "hooks.slack.com/"),
    _token(r"\w.\-", r"\beyJ[\w\-]{8,8192}\.[\w\-]{8,8192}\.[\w\-]{0,8192}", "eyj"),  # a JWT
    Shape(
        ("-----begin ",),
        re.compile(
            rf"-----BEGIN [A-Z0-9 ]{{0,40}}PRIVATE KEY-----(?:{_PEM_BODY}{{0,16384}}?{_PEM_END}|[A-Za-z0-9+/=\s\\]{{0,16384}})"
        ),
        re.compile(
            rf"-----BEGIN [A-Z0-9 ]{{0,60}}-{{0,5}}(?:(?<=PRIVATE KEY-----)(?:(?!{_PEM_END}){_PEM_BODY}){{0,16400}})?",
        ),
    ),
    _token(r"\w+/=\-", r"\bwhsec_[A-Za-z0-9+/_\-]{16,1024}={0,2}", "whsec_"),
    _token(r"\w\-", r"\bhealer_[A-Za-z0-9_\-]{32,1024}", "healer_"),
    _phrase(
        rf"{_AUTHORIZATION}[:=]>?{_QUOTED}(?:{_SCHEME}[ \t]{{1,8}})?(?P<secret>[^\s\"',]{{1,8192}})",
        rf"{_AUTHORIZATION}[:=]?>?{_QUOTED}(?:{_SCHEME}[ \t]{{1,8}})?[^\s\"',]{{0,8192}}",
        "authorization",
    ),
    # A digit tells a credential from prose such as "basic understanding".
    _phrase(
        r"\b(?:basic|bearer)[ \t]{1,8}(?P<secret>(?=[a-z._~+/\-]{0,8192}[0-9=])[a-z0-9._~+/\-]{8,8192}={0,2})",
        r"(?:basic|bearer)[ \t]{0,8}[a-z0-9._~+/=\-]{0,16384}",
        *("basic", "bearer"),
    ),
    _phrase(
        r"\b(?:set-)?cookie:[ \t]{0,8}(?P<secret>[^\r\n\"]{1,8192})", r"cookie:[ \t]{0,8}[^\r\n\"]{0,8192}", "cookie:"
    ),
    _phrase(r"://(?P<secret>[^\s/?#@\"'<>]{1,1024})@", r":(?:/(?:/[^\s/?#@\"'<>]{0,1024})?)?\Z"),
)

_MAILBOX: Final = ascii_letters + digits + "._%+-"
_ACCOUNT: Final = r"(?:account|acct|customer)[ _\-]?(?:number|no|num|nr|id)?"

PERSONAL: Final[tuple[Shape, ...]] = (
    _phrase(
        r"[\w.%+\-]{1,64}@[a-z0-9\-]{1,63}(?:\.[a-z0-9\-]{1,63}){1,8}\b",
        r"[\w.%+\-]{1,64}@[\w.\-]{0,576}",
        "@",
        lead=_MAILBOX,
    ),
    _phrase(
        _ACCOUNT + r"[\"'.]{0,2}[ \t]{0,4}(?:[:=#]|=>|is)?[ \t]{0,4}[\"'#]{0,2}(?P<secret>[0-9](?:[ \-]?[0-9]){5,24})",
        r"(?:account|acct|customer)[ _\-a-z]{0,8}[\"'.]{0,2}[ \t]{0,4}[:=#>is]{0,2}[ \t]{0,4}[\"'#]{0,2}[0-9 \-]{0,50}",
        *("account", "acct", "customer"),
    ),
)


class Catalogue:
    """Some shapes, ready to be found in a text whose hints somebody has found."""

    def __init__(self, shapes: tuple[Shape, ...]) -> None:
        self._led = [shape for shape in shapes if shape.lead]
        self._unhinted = [shape for shape in shapes if not shape.hints]
        self.by_hint: Mapping[bytes, Shape] = {hint.encode(): shape for shape in shapes for hint in shape.hints}

    def unhinted(self, text: str) -> Iterator[tuple[int, Span]]:
        """Give for each secret whose shape has no hints where the shape begins, and start and end of the secret."""
        for shape in self._unhinted:
            yield from ((found.start(), found.span("secret")) for found in shape.pattern.finditer(text))

    def begun(self, text: str) -> int:
        """Give the index from which on a text may be the beginning of a shape, but for those whose hints are there."""
        tail = max(0, len(text) - _LONGEST_UNHINTED)
        opened = (shape.reach.search(text, tail) for shape in self._unhinted)
        begins = [found.start() for found in opened if found]
        return min([*begins, *(shape.begin(text, len(text)) for shape in self._led), len(text)])


_ALL_SECRETS: Final = Catalogue(SECRETS)
_HINTS: Final = Search((), hints=_ALL_SECRETS.by_hint)


def find(text: str) -> Iterator[Span]:
    """Give start and end of each secret in `text` that has a known form."""
    view = fold(text)
    for at, hint in _HINTS.look(view.data).hints:
        shape = _ALL_SECRETS.by_hint[hint]
        if (span := shape.span(text, shape.begin(text, view.origin(at)))) is not None:
            yield span
    yield from (span for _, span in _ALL_SECRETS.unhinted(text))
