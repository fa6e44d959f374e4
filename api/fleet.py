"""The fleet: how each importer stands, as JSON for programs and as one page for people."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Depends, Request, Response

from api.bearers import proven, with_scope
from api.parts import Parts
from api.problems import problems, refused
from healer import html
from healer.budget import Ledger
from healer.clients.tokens import Scope
from healer.errors import Rejected
from healer.fleet import Board
from healer.wiring import GatewayParts

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_ASK: Final = 'Basic realm="Importer Healer: any user, an API token of scope read as the password", charset="UTF-8"'
router = APIRouter(responses=problems(401, 403), tags=["fleet"])


@router.get("/v1/fleet", dependencies=[Depends(with_scope(Scope.READ))])
async def read_fleet(parts: Parts) -> Board:
    """Give how each importer stands."""
    return await _board(parts)


async def _board(parts: GatewayParts) -> Board:
    return await parts.board.read(await parts.registry.get(), datetime.now(UTC))


@router.get(
    "/fleet",
    response_class=Response,
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def show_fleet(request: Request, parts: Parts) -> Response:
    """Show how each importer stands, in HTML. A browser gives the token as the password that it asks for (HTTP Basic)."""
    try:
        await proven(parts, _password(request), Scope.READ)
    except Rejected as refusal:
        return refused(request, refusal, {"WWW-Authenticate": _ASK})
    board = await _board(parts)
    page = html.fleet_page(board, parts.places, await _facts(parts, board))
    headers = {**_HEADERS, "Content-Security-Policy": html.policy()}
    return Response(parts.redactor.text(page), media_type="text/html", headers=headers)


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


async def _facts(parts: GatewayParts, board: Board) -> dict[str, str]:
    accounts, line = await parts.statements.shared(board.at), await parts.line.length()
    day, month = accounts[Ledger.USD_PER_DAY], accounts[Ledger.USD_PER_MONTH]
    return {
        "Spent today": f"${day.spent:.2f} of ${day.limit:g}",
        "this month": f"${month.spent:.2f} of ${month.limit:g}",
        "in 90 days": f"${board.usd:.2f}",
        "Waiting in the line": str(line),
    }
