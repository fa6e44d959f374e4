"""The login ledger's arithmetic: a ref's record and its utility's policy in, how it stands out. Times are Unix seconds."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from healer.contracts import Importer, LoginOutcome, LoginPolicy, LoginStanding

_SHOWN: Final = "%Y-%m-%d %H:%M UTC"
_CLOSED: Final = {
    LoginOutcome.REFUSED: "the portal refused this login",
    LoginOutcome.LOCKED: "the portal locked this account",
}


class Closing(NamedTuple):
    """The latest login that the portal refused or locked: when, what it was, who said so, and when a person has opened the ref since."""

    at: float
    why: LoginOutcome
    by: str
    opened_at: float | None


class Record(NamedTuple):
    """What the ledger holds of a ref: the times of its logins, oldest first, and its latest closing."""

    times: tuple[float, ...] = ()
    closing: Closing | None = None


def policy(importer: Importer) -> LoginPolicy:
    """Give what an importer's utility allows."""
    return LoginPolicy(
        ceiling=importer.login_ceiling, window_s=importer.login_window_s, cooloff_s=importer.login_cooloff_s
    )


def standing(ref: str, record: Record, allowed: LoginPolicy, now: float, times: int = 1) -> LoginStanding:
    """Say how a ref stands at `now` for somebody who wants `times` logins at once."""
    recent = [time for time in record.times if time > now - allowed.window_s]
    waits = [*_full(recent, allowed, now, times), *_cooling(record.closing, allowed, now)]
    closed = record.closing if record.closing and record.closing.opened_at is None else None
    return LoginStanding(
        ref=ref,
        used=len(recent),
        ceiling=allowed.ceiling,
        next_at=_utc(max(waits)) if waits else None,
        closed=closed.why if closed else None,
        closed_at=_utc(closed.at) if closed else None,
    )


def _full(recent: Sequence[float], allowed: LoginPolicy, now: float, times: int) -> list[float]:
    """Give when enough logins have left the window, where it is full; a ceiling below `times` is full for ever."""
    over = len(recent) + times - 1 - allowed.ceiling
    if over < 0:
        return []
    return [(recent[over] if over < len(recent) else now) + allowed.window_s]


def _cooling(closing: Closing | None, allowed: LoginPolicy, now: float) -> list[float]:
    until = closing.at + allowed.cooloff_s if closing else now
    return [until] if until > now else []


def _utc(time: float) -> datetime:
    return datetime.fromtimestamp(time, UTC)


def is_released(records: Sequence[Record], since: datetime) -> bool:
    """Say whether a person has opened one of these refs since then, and none of them is closed."""
    opened = [record.closing.opened_at for record in records if record.closing]
    return all(at is not None for at in opened) and any(at and at >= since.timestamp() for at in opened)


def words(stands: LoginStanding) -> str:
    """Say it for people: `2 of 6 used`, and what stands against the next login."""
    used = f"{stands.used} of {stands.ceiling} used"
    if stands.closed and stands.closed_at:
        return f"{used}, closed since {stands.closed_at:{_SHOWN}}: {_CLOSED[stands.closed]}"
    return f"{used}, next at {stands.next_at:{_SHOWN}}" if stands.next_at else used
