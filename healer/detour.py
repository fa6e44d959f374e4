"""Recognises that the new page is another page than the old one: a login, an error, a lock, maintenance, a human check.

On such a page nothing has moved; what is sought is elsewhere, and a look-alike would be a wrong answer.
"""

import re
from typing import Final

from healer import challenge
from healer.element import Element, text_of
from healer.portrait import Page

_SHARED: Final = 0.4
_FEW_WORDS: Final = 8
_OK: Final = 200
_LONGEST: Final = 2000
_HEADLINE: Final = re.compile(
    r"\b(?:page |file )?(?:can(?:no|')t be|could not be|not) found\b|\bdoes(?: no|n')t exist\b|\b(?:40[0-9]|50[0-9]|429)\b"
    r"|\berror\b|\bsorry\b|\boops\b|something went wrong|unavailable|out of service|maintenance|under construction"
    r"|be (?:right )?back (?:soon|shortly)|down for|try again (?:later|in)|access denied|forbidden|no permission"
    r"|not authori[sz]ed|unauthori[sz]ed|session (?:has )?(?:expired|timed? ?out|ended)|logged out|signed out"
    r"|account (?:is |has been )?(?:locked|suspended|blocked|disabled)|locked out|too many (?:attempts|requests)"
    r"|permission denied|not allowed|access restricted|bad request|(?:gateway|request) time-?out|timed out|(?:page|link) (?:has )?expired"
    r"|(?:forgot|reset|recover)\S* (?:your )?password|password (?:reset|recovery)|(?:verification|security|one-time) code"
    r"|two-(?:step|factor)|(?:log|sign)[ -]?(?:in|on)\s*$|^\s*(?:please )?(?:log|sign)[ -]?(?:in|on)\b|anmelden|anmeldung"
    r"|einloggen|connexion|se connecter|iniciar sesi[oó]n|accedi\b|aanmelden|inloggen|přihlá[sš]|zaloguj|logowanie"
    r"|verify (?:you|your)|security check|nicht gefunden|fehler|wartung|introuvable|erreur|no encontrad"
    r"|nenalezen|chyba|údržb|odstávk",
    re.IGNORECASE,
)
_SAYS: Final = re.compile(
    r"session (?:has )?(?:expired|timed? ?out|ended)|(?:sign|log) in again|too many (?:failed )?(?:log-?in |sign-?in )?attempts"
    r"|account (?:is |has been )?(?:temporarily )?(?:locked|suspended|blocked|disabled)|scheduled maintenance"
    r"|temporarily unavailable|enable javascript and cookies to continue",
    re.IGNORECASE,
)


def is_detour(old: Page, new_html: str, new: Page) -> bool:
    """Say whether the new page is a login, error, lock, maintenance or human-check page and the old one was not."""
    if _asks_password(new) and not _asks_password(old):
        return True
    if any(map(_HEADLINE.search, _headlines(new))) and not any(map(_HEADLINE.search, _headlines(old))):
        return _likeness(old, new) < 2 * _SHARED
    if _said(new) and not _said(old) and _likeness(old, new) < 2 * _SHARED:
        return True
    sign = challenge.recognise(new_html, _OK)
    return sign is not None and _likeness(old, new) < 2 * _SHARED


def _asks_password(page: Page) -> bool:
    return any((field.get("type") or "").lower() == "password" for field in page.root.iter("input"))


def _headlines(page: Page) -> list[str]:
    return [text_of(part) or (part.text or "") for part in page.root.iter("title", "h1", "h2")]


def _said(page: Page) -> bool:
    body = page.root.find("body")
    text: Element = body if body is not None else page.root
    return any(_SAYS.search(part) for part in text.itertext() if isinstance(part, str) and len(part) < _LONGEST)


def _likeness(old: Page, new: Page) -> float:
    """Give the share of the old page's own words that the new page still has."""
    mine = set(old.words)
    return len(mine & set(new.words)) / len(mine) if len(mine) >= _FEW_WORDS else 0.0
