"""Rules of the fleet's page: who may see it, that it is whole without scripts, and that nothing foreign acts in it."""

import base64
import html.parser
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from gateway_site import Gateway, problem
from healer import impact
from healer.chain import link
from healer.clients.tokens import Scope
from healer.contracts import Fetch, Reason, State
from healer.healing import healing


def basic(password: str, user: str = "lead") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


async def browser(gateway: Gateway, *scopes: Scope) -> dict[str, str]:
    header = await gateway.read_token(*scopes)
    return basic(header["Authorization"].partition(" ")[2])


class Page(html.parser.HTMLParser):
    """What a browser makes of the page: its tags, and its text."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        """Note a tag; none brings a script or a style of its own."""
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        """Note the text."""
        self.words += data


async def test_page_shows_each_importer_with_what_it_stands_by(gateway: Gateway) -> None:
    """An importer that needs a person is shown with its case, reason, last bill and logins, and one whose entry is broken too."""
    case = await gateway.awaiting()
    why = "The portal asks for a captcha."
    ending = {"state": State.NEEDS_ENGINEER, "reason": Reason.NO_PATCH, "reason_text": why, "awaiting": None}
    await gateway.parts.cases.record(case, "needs_engineer", {}, **ending)
    told = Fetch(id="f", at=datetime.now(UTC) - timedelta(hours=3), outcome="fetched", commit="c" * 40, bills=6)
    await gateway.parts.fetches.take("brightwater", told)
    answer = await gateway.http.get("/fleet", headers=await browser(gateway))
    page = Page(answer)
    assert answer.status_code == 200
    for shown in (
        "brightwater",
        "needs a person",
        why,
        "UTIL-101",
        "3 h ago",
        "6 by production",
        "0 of 3 used",
        "misconfigured",
    ):
        assert shown in page.words
    assert {"script", "iframe", "form", "img", "link"} & set(page.tags) == set()


async def test_foreign_text_is_shown_and_does_not_act(gateway: Gateway) -> None:
    """Markup in a reason or in the registry is text on the page."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    case = await gateway.awaiting()
    ending = {"state": State.NEEDS_ENGINEER, "reason_text": evil, "awaiting": None}
    await gateway.parts.cases.record(case, "needs_engineer", {}, **ending)
    gateway.registry[0] = gateway.registry[0].replace("Brightwater Water & Sewer", "</td><script>x</script>")
    page = Page(await gateway.http.get("/fleet", headers=await browser(gateway)))
    assert evil in page.words
    assert "</td><script>x</script>" in page.words
    assert "script" not in page.tags


async def test_browser_is_asked_for_the_token_and_kept_from_everything_else(gateway: Gateway) -> None:
    """Without a token a browser asks for a password; the page forbids scripts, frames, other hosts and caches."""
    refused = await gateway.http.get("/fleet")
    assert problem(refused) == (401, "bad_token")
    assert refused.headers["www-authenticate"].startswith("Basic realm=")
    shown = await gateway.http.get("/fleet", headers=await browser(gateway))
    rules = shown.headers["content-security-policy"]
    assert "default-src 'none'" in rules
    assert "script-src" not in rules
    assert "frame-ancestors 'none'" in rules
    assert shown.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "header", ["Basic !!!", "Basic " + base64.b64encode(b"\xff\xfe").decode(), "Basic ", "Digest x"]
)
async def test_malformed_login_is_refused(gateway: Gateway, header: str) -> None:
    """A login of another form is no login, and no error of ours."""
    assert problem(await gateway.http.get("/fleet", headers={"Authorization": header})) == (401, "bad_token")


async def test_token_of_another_scope_does_not_read(gateway: Gateway) -> None:
    """Scopes do not contain one another, on the page as in JSON."""
    for path, headers in (
        ("/fleet", await browser(gateway, Scope.OPERATE)),
        ("/v1/fleet", await gateway.read_token(Scope.OPERATE)),
    ):
        assert problem(await gateway.http.get(path, headers=headers)) == (403, "missing_scope")


async def test_production_is_remembered_by_importer(gateway: Gateway) -> None:
    """Each fetch that production tells is on the board at once, also without a case."""
    body = {"id": "n-1", "importer": "brightwater", "outcome": "failed", "commit": "c" * 40}
    headers = await gateway.read_token(Scope.FETCHES)
    await gateway.http.post("/v1/fetch-outcomes", content=json.dumps(body).encode(), headers=headers)
    board = (await gateway.http.get("/v1/fleet", headers=await gateway.read_token())).json()
    (row,) = (row for row in board["rows"] if row["importer"] == "brightwater")
    assert (row["standing"], row["case"], row["last_good"]) == ("failing", None, None)


async def test_impact_page_has_its_plots_and_is_whole_without_scripts(gateway: Gateway) -> None:
    """The report that `digest` kept is shown with inline plots; before there is one, both ways of asking say so."""
    for path in ("/impact", "/v1/impact"):
        headers = await browser(gateway) if path == "/impact" else await gateway.read_token()
        assert problem(await gateway.http.get(path, headers=headers)) == (404, "no_impact")
    now = datetime.now(UTC)
    chain_of = [link(None, now - timedelta(days=2), "received", {})]
    for kind, hours, data in (("published", 40, {}), ("merged", 30, {}), ("confirmed", 24, {"bills": 5})):
        chain_of.append(link(chain_of[-1], now - timedelta(hours=hours), kind, data))
    told = impact.report([healing("UTIL-101", "brightwater", chain_of, now)], now - timedelta(days=30), now)
    await gateway.parts.evidence.keep_impact(told)
    page = Page(await gateway.http.get("/impact", headers=await browser(gateway)))
    assert page.tags.count("svg") == 2
    for shown in ("24.0 h", "target 4.0 days, before: 91.0 days", "12 h a fix by hand", "False repairs", "confirmed"):
        assert shown in page.words
    assert {"script", "iframe", "form", "img", "link"} & set(page.tags) == set()
    answer = await gateway.http.get("/v1/impact", headers=await gateway.read_token())
    assert impact.Report.model_validate(answer.json()) == told
    assert problem(await gateway.http.get("/impact")) == (401, "bad_token")
