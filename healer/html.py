"""Pages for people, in HTML: plain, with a little CSS in them, whole without scripts. Whatever a page shows is escaped."""

import base64
import hashlib
from datetime import datetime
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from healer import autonomy, digest, logins
from healer.contracts import LoginStanding
from healer.fleet import WORDS, Board
from healer.impact import Report
from healer.links import Places

STYLE: Final = "style.css"
_DAY_S: Final = 86_400
_HOUR_S: Final = 3_600
_MINUTE_S: Final = 60


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__name__.rpartition(".")[0], "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"since": since, "moment": moment, "day": "{:%Y-%m-%d}".format, "logins": login_words}
    return environment


@cache
def _style() -> str:
    return _environment().get_template(STYLE).render()


@cache
def policy() -> str:
    """Give the content security policy of every page: its own style, and nothing else; no script, no frame, no other host."""
    digest = base64.b64encode(hashlib.sha256(_style().encode("utf-8")).digest()).decode("ascii")
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def fleet_page(board: Board, places: Places, facts: dict[str, str]) -> str:
    """Give the fleet's page; `facts` stand above the table, by name."""
    page = _environment().get_template("fleet.html")
    return page.render(board=board, places=places, facts=facts, words=WORDS, plain=autonomy.PLAIN, style=_style())


def impact_page(report: Report) -> str:
    """Give the impact report's page, with its plots."""
    longest = max(report.baseline_s, report.to_production_s or 0)
    times = [
        ("now", report.to_production_s, "good"),
        ("target", report.target_s, "work"),
        ("before", report.baseline_s, "bad"),
    ]
    spans = [(name, digest.span(seconds), (seconds or 0) / longest, kind) for name, seconds, kind in times]
    return (
        _environment()
        .get_template("impact.html")
        .render(
            report=report,
            facts=list(digest.facts(report)),
            phases=list(digest.phases(report)),
            outcomes=list(digest.outcomes(report)),
            spans=spans,
            most=max([1, *(week.opened for week in report.weeks)]),
            style=_style(),
        )
    )


def since(at: datetime, now: datetime) -> str:
    """Say how long ago something was, as people say it."""
    seconds = (now - at).total_seconds()
    if seconds < _MINUTE_S:
        return "now"
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S:.0f} min"
    return f"{seconds // _HOUR_S:.0f} h" if seconds < 2 * _DAY_S else f"{seconds // _DAY_S:.0f} days"


def moment(at: datetime) -> str:
    """Write a time down: UTC, to the minute."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def login_words(standing: LoginStanding) -> str:
    """Say how a ref stands."""
    return logins.words(standing)
