"""The fleet's page in a real browser, under its own policy, which allows no script: what a person would read on it."""

import asyncio
import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from factories import pdf_texts
from gateway_site import Gateway
from healer.contracts import Reason, State
from serving import serving

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-pdf-header-footer",
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium")


def shown(content: bytes, headers: dict[str, str], folder: Path) -> tuple[str, list[str]]:
    """Serve the answer as it is, and print it; give the text on paper, and every path that the browser asked for."""
    asked: list[str] = []

    async def page(request: Request) -> Response:
        asked.append(request.url.path)
        return Response(content, headers=headers)

    paper = folder / "page.pdf"
    with serving(lambda _: Starlette(routes=[Route("/{path:path}", page)])) as url:
        argv = [str(CHROMIUM), *_QUIET, f"--user-data-dir={folder / 'profile'}"]
        subprocess.run([*argv, f"--print-to-pdf={paper}", f"{url}/fleet"], check=True, capture_output=True, timeout=90)
    (said,) = pdf_texts([paper.read_bytes()])
    assert said is not None
    return " ".join(unicodedata.normalize("NFKC", said.text).split()), asked  # fonts join letters


async def test_person_reads_the_fleet_without_scripts(gateway: Gateway, tmp_path: Path) -> None:
    """Importer, standing and case are on the page as it is painted; markup in foreign text is not obeyed, and nothing is loaded."""
    case = await gateway.awaiting()
    why = 'The portal says <img src="/stolen"> and asks for a captcha.'
    ending = {"state": State.NEEDS_ENGINEER, "reason": Reason.NO_PATCH, "reason_text": why, "awaiting": None}
    await gateway.parts.cases.record(case, "needs_engineer", {}, **ending)
    token = (await gateway.read_token())["Authorization"]
    answer = await gateway.http.get("/fleet", headers={"Authorization": token})
    headers = {name: answer.headers[name] for name in ("content-type", "content-security-policy")}
    said, asked = await asyncio.to_thread(shown, answer.content, headers, tmp_path)
    for word in ("brightwater", "needs a person", "UTIL-101", "misconfigured", '<img src="/stolen">'):
        assert word in said
    assert set(asked) <= {"/fleet", "/favicon.ico"}
