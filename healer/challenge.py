"""Recognises a portal's page that asks for a human being: CAPTCHA, second factor, bot defence; and one that has no bill to give.

A sign is looked for in the page's structure and in what a visitor sees; hidden parts and scripts prove nothing, since many
portals load a CAPTCHA library that never shows. The page is foreign: a sign only ever makes the healer more careful.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from lxml import etree

from healer.contracts import Reason


class Sign(NamedTuple):
    """What a page shows, in our own words; no text of the page is in it."""

    reason: Reason
    what: str


Element = etree._Element  # noqa: SLF001 - lxml's stubs name the element so

_TOO_MANY_REQUESTS: Final = 429
_UNSEEN_TAGS: Final = ("style", "template", "noscript")
_UNSEEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_DEFENCE_HEADLINE = re.compile(
    r"just a moment|attention required|pardon our interruption|checking your browser|are you a robot|unusual traffic"
    r"|verify (?:that )?you are (?:a )?human|request unsuccessful|automated (?:access|requests?)|access denied",
    re.IGNORECASE,
)
_DEFENCE_IDS: Final = frozenset({"challenge-form", "challenge-stage", "cf-challenge-running", "px-captcha"})
_DEFENCE_FRAME = re.compile(r"_Incapsula_Resource|captcha-delivery\.com", re.IGNORECASE)
_CAPTCHA_WIDGETS: Final = frozenset({"g-recaptcha", "h-captcha", "cf-turnstile", "frc-captcha"})
_CAPTCHA_FRAME = re.compile(r"recaptcha/api2|hcaptcha\.com|arkoselabs\.com|funcaptcha\.com", re.IGNORECASE)
_CODE_FIELD = re.compile(
    r"(?:^|[^a-z])(?:otp|totp|mfa|tfa|2fa|one[-_]?time[-_]?(?:code|pass(?:word|code)?)"
    r"|(?:verification|authentication|auth|sms)[-_]?code)(?:$|[^a-z])",
    re.IGNORECASE,
)
_CODE_PHRASE = re.compile(
    r"\b(?:we(?: have|'ve)? (?:just )?sent (?:you )?an? [\w -]{0,20}code|two[- ](?:step|factor) (?:verification|authentication)"
    r"|enter (?:the|your) [\w -]{0,20}(?:verification|security|authentication) code|authenticator app)\b",
    re.IGNORECASE,
)
_NO_BILL = re.compile(
    r"\b(?:there are|you have|we have|we found)?\s*no (?:new |open |recent )?(?:bills?|invoices?|statements?)"
    r"(?: (?:are|is))? (?:available|found|yet|on file|to (?:show|display)|for (?:this|the selected) period)\b",
    re.IGNORECASE,
)


def _parsed(page: str) -> Element | None:
    """Give the part of the page that a visitor sees as a tree, or None where there is none (an empty body, JSON)."""
    if not page.lstrip().startswith("<"):
        return None
    try:
        root = etree.fromstring(page.encode("utf-8", "replace"), parser=etree.HTMLParser(encoding="utf-8"))
    except etree.XMLSyntaxError:
        return None
    if root is None:  # "</0" and the like hold no element, and lxml says so without an error
        return None
    etree.strip_elements(root, etree.Comment, *_UNSEEN_TAGS, with_tail=False)
    for script in root.iter("script"):
        script.text = None
    for element in [element for element in root.iter() if _is_unseen(element)]:
        tail = element.tail
        element.clear()
        element.tag, element.tail = "span", tail
    return root


def _is_unseen(element: Element) -> bool:
    hidden_field = element.tag == "input" and (element.get("type") or "").lower() == "hidden"
    declared = element.get("hidden") is not None or element.get("aria-hidden") == "true"
    return hidden_field or declared or bool(_UNSEEN_STYLE.search(element.get("style") or ""))


def _elements(root: Element, *tags: str) -> Iterator[Element]:
    return (element for element in root.iter(*tags) if isinstance(element.tag, str))


def _text(element: Element) -> str:
    parts = (text for text in element.itertext() if isinstance(text, str))
    return " ".join(" ".join(parts).split())


def _read_by_visitors(root: Element) -> Iterator[str]:
    """Give the page's text one block at a time, so that inline markup does not cut a sentence."""
    return map(_text, _elements(root, "p", "div", "label", "li", "td", "th", "h1", "h2", "h3", "h4", "legend", "span"))


def _words(element: Element, *attributes: str) -> str:
    return " ".join(element.get(name) or "" for name in attributes)


def _defends_itself(root: Element) -> bool:
    if any(_DEFENCE_HEADLINE.search(_text(line)) for line in _elements(root, "title", "h1", "h2")):
        return True
    if any(element.get("id") in _DEFENCE_IDS for element in _elements(root)):
        return True
    return any(_DEFENCE_FRAME.search(frame.get("src") or "") for frame in _elements(root, "iframe", "script"))


def _asks_for_a_code(root: Element) -> bool:
    fields = list(_elements(root, "input"))
    if any(field.get("autocomplete", "").lower() == "one-time-code" for field in fields):
        return True
    if any(_CODE_FIELD.search(_words(field, "id", "name")) for field in fields):
        return True
    kinds = {field.get("type", "text").lower() for field in fields}
    # A login page may advertise the second factor; where the password is still asked for, its advertisement is no sign.
    writable = bool(kinds & {"text", "tel", "number"}) and "password" not in kinds
    return writable and any(map(_CODE_PHRASE.search, _read_by_visitors(root)))


def _shows_a_captcha(root: Element) -> bool:
    for element in _elements(root):
        if set((element.get("class") or "").split()) & _CAPTCHA_WIDGETS and element.get("data-size") != "invisible":
            return True
    if any(_CAPTCHA_FRAME.search(frame.get("src") or "") for frame in _elements(root, "iframe")):
        return True
    pictures = _elements(root, "input", "img", "canvas")
    return any("captcha" in _words(part, "id", "name", "class", "alt", "src").lower() for part in pictures)


_TELLS: Final[tuple[tuple[Callable[[Element], bool], Sign], ...]] = (
    (_defends_itself, Sign(Reason.ANTI_BOT, "a page of the portal's bot defence")),
    (_asks_for_a_code, Sign(Reason.MFA, "a request for a second factor (a one-time code)")),
    (_shows_a_captcha, Sign(Reason.CAPTCHA, "a CAPTCHA")),
)


def recognise(page: str, status: int) -> Sign | None:
    """Say what human being the page asks for: `page` is HTML redacted by shape, `status` its HTTP status.

    The whole-page defence goes before its parts: such pages often hold a CAPTCHA as well.
    """
    if status == _TOO_MANY_REQUESTS:
        return Sign(Reason.ANTI_BOT, "a refusal because of too many requests (HTTP 429)")
    root = _parsed(page)
    if root is None:
        return None
    return next((sign for tells, sign in _TELLS if tells(root)), None)


def says_no_bill(page: str) -> bool:
    """Say whether the page tells its visitor that there is no bill."""
    root = _parsed(page)
    return root is not None and any(map(_NO_BILL.search, _read_by_visitors(root)))
