"""Secrets known by their form alone: vendors' tokens, keys, headers, addresses with a login in them.

A shape masks its group `secret` where it has one, else the whole match.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple


class Shape(NamedTuple):
    """One form of secret. `hints` are lower-case texts of which one must occur, so that most texts cost one search."""

    name: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]


_KEY_ENDS = r"(?:[\s\S]*?-----END [A-Z0-9 ]*PRIVATE KEY-----|[A-Za-z0-9+/=\s\\]*)"

SHAPES: tuple[Shape, ...] = (
    # ghs_<app id>_<JWT> is the form of installation tokens since 2026; the dot and dash belong to the JWT.
    Shape(
        "github",
        ("gh", "github_pat_"),
        re.compile(r"\bgh[pousr]_[A-Za-z0-9_][A-Za-z0-9_.\-]{18,}|\bgithub_pat_[A-Za-z0-9_]{20,}"),
    ),
    Shape("anthropic", ("sk-ant-",), re.compile(r"\bsk-ant-[A-Za-z0-9_\-]{16,}")),
    Shape("aws key", ("akia", "asia"), re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    Shape(
        "aws secret",
        ("aws",),
        re.compile(
            r"(?i)\baws_?(?:secret_?access_?key|session_?token)\W{1,8}(?P<secret>[A-Za-z0-9/+=]{40,})",
        ),
    ),
    Shape("atlassian", ("atatt", "atctt", "atstt"), re.compile(r"\bAT[ACS]TT3[A-Za-z0-9_\-=]{20,}")),
    Shape("slack", ("xox", "xapp-"), re.compile(r"\b(?:xox[a-z]|xapp)-[A-Za-z0-9.\-]{10,}")),
    Shape("slack hook", ("hooks.slack.com",), re.compile(r"hooks\.slack\.com/(?P<secret>[A-Za-z0-9/_\-]{10,})")),
    Shape("jwt", ("eyj",), re.compile(r"\beyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]*")),
    Shape("private key", ("private key",), re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----" + _KEY_ENDS)),
    Shape("signing key", ("whsec_",), re.compile(r"\bwhsec_[A-Za-z0-9+/_\-]{16,}={0,2}")),
    Shape("healer token", ("healer_",), re.compile(r"\bhealer_[A-Za-z0-9_\-]{32,}")),
    Shape(
        "authorization",
        ("authorization",),
        re.compile(
            r"(?i)\b(?:proxy-)?authorization\b[\"']?\s*[:=]>?\s*[\"']?(?:(?:basic|bearer|token|digest)\s+)?(?P<secret>[^\s\"',]+)",
        ),
    ),
    # A digit tells a credential from prose such as "basic understanding".
    Shape(
        "scheme",
        ("basic", "bearer"),
        re.compile(r"(?i)\b(?:basic|bearer)\s+(?P<secret>(?=[A-Za-z._~+/\-]*[0-9=])[A-Za-z0-9._~+/\-]{8,}={0,2})"),
    ),
    Shape("cookie", ("cookie:",), re.compile(r"(?i)\b(?:set-)?cookie:[ \t]*(?P<secret>[^\r\n\"]+)")),
    Shape("userinfo", ("://",), re.compile(r"(?<=://)(?P<secret>[^\s/?#@\"'<>]+)(?=@)")),
)


def find(text: str, lowered: str) -> Iterator[tuple[int, int]]:
    """Give start and end of each secret in `text` that has a known form; `lowered` is the same text in lower case."""
    for shape in SHAPES:
        if any(hint in lowered for hint in shape.hints):
            group = "secret" if "secret" in shape.pattern.groupindex else 0
            yield from (match.span(group) for match in shape.pattern.finditer(text))
