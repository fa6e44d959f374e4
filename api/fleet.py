"""The fleet and its figures: how each importer stands and what healing is worth, as JSON for programs and as a page for people."""

import base64
import binascii
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response

from api.bearers import proven, with_scope
from api.parts import Parts
from api.problems import problems, refused
from healer import html
from healer.budget import Ledger
from healer.clients.tokens import Scope
from healer.errors import HealerError, Rejected
from healer.fleet import Board
from healer.impact import Report
from healer.pauses import parse
from healer.wiring import GatewayParts

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_ASK: Final = 'Basic realm="Importer Healer: any user, an API token of scope read as the password", charset="UTF-8"'
_HTML: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {"text/html": {"schema": {"type": "string"}}}}}
router = APIRouter(responses=problems(401, 403), tags=["fleet"])


@router.get("/v1/fleet", dependencies=[Depends(with_scope(Scope.READ))])
async def read_fleet(parts: Parts) -> Board:
    """Give how each importer stands."""
    return await _board(parts)


async def _board(parts: GatewayParts) -> Board:
    return await parts.board.read(await parts.registry.get(), datetime.now(UTC))


@router.get("/fleet", response_class=Response, responses=_HTML)
async def show_fleet(request: Request, parts: Parts) -> Response:
    """Show how each importer stands, in HTML. A browser gives the token as the password that it asks for (HTTP Basic)."""
    return await _shown(request, parts, _fleet_page)


@router.get("/v1/impact", dependencies=[Depends(with_scope(Scope.READ))], responses=problems(404))
async def read_impact(parts: Parts) -> Report:
    """Give the impact report as `digest` wrote it last."""
    return await _report(parts)


@router.get("/impact", response_class=Response, responses={**_HTML, **problems(404)})
async def show_impact(request: Request, parts: Parts) -> Response:
    """Show the impact report in HTML, with its plots."""
    return await _shown(request, parts, _impact_page)


async def _shown(request: Request, parts: GatewayParts, page: Callable[[GatewayParts], Awaitable[str]]) -> Response:
    """Show a page to whoever has a token of scope `read`; ask a browser for it."""
    try:
        await proven(parts, _password(request), Scope.READ)
    except Rejected as refusal:
        return refused(request, refusal, {"WWW-Authenticate": _ASK})
    headers = {**_HEADERS, "Content-Security-Policy": html.policy()}
    return Response(parts.redactor.text(await page(parts)), media_type="text/html", headers=headers)


async def _fleet_page(parts: GatewayParts) -> str:
    board = await _board(parts)
    return html.fleet_page(board, parts.places, await _facts(parts, board))


async def _impact_page(parts: GatewayParts) -> str:
    return html.impact_page(await _report(parts))


async def _report(parts: GatewayParts) -> Report:
    report = await parts.evidence.impact()
    if report is None:
        what = "there is no impact report yet; the flow digest writes it, weekly or when it is started by hand."
        raise Rejected(what, reason="no_impact", status=404)
    return report


def _password(request: Request) -> str:
    """Give the token: that of `Bearer`, or the password of `Basic`; empty where there is none."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return given
    try:
        pair = base64.b64decode(given, validate=True).decode("utf-8") if scheme.lower() == "basic" else ""
    except (binascii.Error, ValueError):
        return ""
    return pair.partition(":")[2]


async def _paused(parts: GatewayParts) -> str:
    """Say what is paused; the page is whole also while Prefect is away."""
    try:
        paused = parse(await parts.orchestrator.paused())
    except HealerError:
        return "not known, Prefect does not answer"
    return f"everything: {paused.unreadable}" if paused.unreadable else ", ".join(paused.entries) or "nothing"


async def _facts(parts: GatewayParts, board: Board) -> dict[str, str]:
    accounts, line = await parts.statements.shared(board.at), await parts.line.length()
    day, month = accounts[Ledger.USD_PER_DAY], accounts[Ledger.USD_PER_MONTH]
    return {
        "Paused": await _paused(parts),
        "Spent today": f"${day.spent:.2f} of ${day.limit:g}",
        "this month": f"${month.spent:.2f} of ${month.limit:g}",
        "in 90 days": f"${board.usd:.2f}",
        "Waiting in the line": str(line),
    }
