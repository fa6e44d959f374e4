"""The example importers in the container that the gate uses, against the portals of the made-up utilities."""

import json
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import NamedTuple

import httpx
import jsonschema
import pytest
from lxml import html

from healer.contracts import Importer, Trace
from healer.trace import failure_from, redact_trace
from localworld.layout import bridge_address
from localworld.portal.app import create_app
from localworld.portal.fetch import built, fetch
from localworld.portal.record import IMPORTERS, KEY, MONTH, environment, raw_trace
from localworld.portal.server import serving
from localworld.portal.site import Login
from localworld.portal.switches import Switches, month_of
from localworld.portal.utilities import UTILITIES

pytestmark = pytest.mark.docker
LOGIN = Login("dana@acme.example", """p&'x"<1/+== $(id)""")
NAMES = [utility.name for utility in UTILITIES]
SCHEMA = json.loads((IMPORTERS / "schema/bills.schema.json").read_text())


class Break(NamedTuple):
    """One page of a redesign that breaks an importer: the lookup that finds nothing first, and the literals that heal the page."""

    selector: str
    literals: dict[str, str]


REDESIGNS = {
    "brightwater": [
        Break(
            "#account-number",
            {
                "#account-number": "dd.bw-facts__value--account",
                "table#bills tbody tr": "table#statement-list tbody tr",
                "td.period": "td.bw-data__cell--dates",
                "td.due": "td.bw-data__cell--pay-by",
                "td.amount": "td.bw-data__cell--total",
                "td.reading": "td.bw-data__cell--meter",
                "a.bill-pdf": "a.bw-link--file",
            },
        )
    ],
    "voltara": [
        Break(
            "data.account.number",
            {
                "data.account.number": "result.customerAccount.accountNumber",
                "data.bills": "result.statements",
                "period.to": "servicePeriod.endDate",
                "period.from": "servicePeriod.startDate",
                "due_date": "paymentDueDate",
                "amount_due": "totalAmountDue",
                "meter.reading": "meterReading.readingValue",
                "meter.unit": "meterReading.unitOfMeasure",
                "document_url": "links.documentUrl",
            },
        )
    ],
    "northgas": [
        Break("form#identify", {"form#identify": "form[data-step='identifier']", "username": "loginIdentifier"}),
        Break(
            "dl.bill-facts dd.period",
            {
                "dl.bill-facts dd.period": ".bill-summary__dates",
                "dl.bill-facts dd.account": ".bill-summary__account",
                "dl.bill-facts dd.due": ".bill-summary__pay-by",
                "dl.bill-facts dd.total": ".bill-summary__amount",
                "dl.bill-facts dd.meter": ".bill-summary__reading",
                "Download bill (PDF)": "Get bill as PDF",
            },
        ),
    ],
    "cascade": [
        Break(
            "form#frmSignIn",
            {
                "form#frmSignIn": "form[data-testid='sign-in-form']",
                "ctl00$Main$txtUserId": "userId",
                "ctl00$Main$txtPassword": "passphrase",
            },
        ),
        Break("form#frmServiceAddress", {"form#frmServiceAddress": "form[data-testid='address-picker']"}),
        Break("Billing History", {"Billing History": "Bills & billing history"}),
        Break(
            "span#ctl00_Main_lblPages",
            {
                "span#ctl00_Main_lblPages": "span.pager__status",
                "Next": "Next page",
                "tr.gridRow a.gridLink": "a.bill-feed__open",
            },
        ),
        Break(
            "#ctl00_Main_lblServicePeriod",
            {
                "#ctl00_Main_lblServicePeriod": "dd[data-testid='statement-period']",
                "#ctl00_Main_lblAccount": "dd[data-testid='statement-account']",
                "#ctl00_Main_lblDueDate": "dd[data-testid='statement-due']",
                "#ctl00_Main_lblAmountDue": "p[data-testid='statement-total']",
                "#ctl00_Main_lblReading": "dd[data-testid='statement-reading']",
                "a#ctl00_Main_lnkPdf": "a[data-testid='statement-pdf']",
            },
        ),
    ],
    "halden": [
        Break(
            "table#documents tr.invoice",
            {
                "table#documents tr.invoice": "article.HdDocumentCard-invoice",
                "td.doc-period": ".HdDocumentCard-range",
                "a.doc-download": "a.HdDocumentCard-open",
            },
        )
    ],
    "ostrava": [
        Break(
            "form#prihlaseni",
            {
                "form#prihlaseni": "form.ds-form--login",
                "uzivatel": "prihlasovaciJmeno",
                "heslo": "prihlasovaciHeslo",
            },
        ),
        Break(
            "span#cislo-odberu",
            {
                "span#cislo-odberu": ".ds-headline__account",
                "table#faktury tr.faktura": "li.ds-invoice",
                "td.obdobi": ".ds-pair__value--range",
                "td.splatnost": ".ds-pair__value--deadline",
                "td.castka": ".ds-pair__value--sum",
                "td.stav": ".ds-pair__value--meter",
                "a.stahnout": "a.ds-invoice__file",
            },
        ),
    ],
}


@pytest.fixture(scope="module")
def image():
    with built(IMPORTERS) as name:
        yield name


@pytest.fixture(scope="module")
def portal():
    app = create_app(dict.fromkeys(NAMES, LOGIN), month_of(MONTH))
    with serving(app, [bridge_address()]) as listening:
        yield listening.url


@pytest.fixture
def throw(portal):
    thrown = set()

    def post(utility, **switches):
        thrown.add(utility)
        httpx.post(f"{portal}/_control/{utility}", json=switches).raise_for_status()

    yield post
    for utility in thrown:
        httpx.post(f"{portal}/_control/{utility}", json=Switches().as_json())


def run(image, portal, name, login=LOGIN):
    return fetch(image, name, environment(portal, name, login))


def result(fetched, name):
    return json.loads(fetched.files[f"out/{name}.json"])


def error(fetched, name):
    return json.loads(fetched.files[f"out/{name}.error.json"])


@pytest.mark.parametrize("name", NAMES)
def test_a_healthy_portal_gives_its_bills(image, portal, name):
    """Each importer ends with 0, keeps the schema, and leaves each bill's PDF with its hash."""
    fetched = run(image, portal, name)
    assert fetched.exit_code == 0, fetched.said
    given = result(fetched, name)
    jsonschema.validate(given, SCHEMA)
    assert given["count"] == len(given["bills"]) == {utility.name: utility.bills for utility in UTILITIES}[name]
    assert all(fetched.files[f"out/{bill['pdf']}"].startswith(b"%PDF-") for bill in given["bills"])


@pytest.mark.parametrize("name", NAMES)
def test_a_redesign_breaks_page_by_page_and_other_literals_heal_it(image, portal, throw, name, tmp_path):
    """Each broken page is met only when those before it are healed; at the end the new site gives the same bills."""
    before = result(run(image, portal, name), name)["bills"]
    throw(name, version="v2")
    checkout = shutil.copytree(IMPORTERS, tmp_path / "importers")
    source = checkout / f"lib/gatherers/{name}.rb"
    for page in REDESIGNS[name]:
        with built(checkout) as patched:
            fetched = run(patched, portal, name)
        assert (fetched.exit_code, error(fetched, name)["selector"]) == (3, page.selector)
        for old, new in page.literals.items():
            assert f'"{old}"' in source.read_text()
            source.write_text(source.read_text().replace(f'"{old}"', f'"{new}"'))
    with built(checkout) as healed:
        fetched = run(healed, portal, name)
    assert fetched.exit_code == 0, fetched.said
    assert result(fetched, name)["bills"] == before


@pytest.mark.parametrize("name", NAMES)
def test_a_portal_that_is_down_is_not_a_changed_one(image, portal, throw, name):
    """503 ends a fetch with 4."""
    throw(name, down=True)
    fetched = run(image, portal, name)
    assert (fetched.exit_code, error(fetched, name)["error"]) == (4, "source_down")


@pytest.mark.parametrize("name", NAMES)
def test_a_refused_login_ends_with_its_own_code(image, portal, name):
    """A wrong password ends a fetch with 5, and is in nothing that the fetch wrote or said."""
    fetched = run(image, portal, name, Login(LOGIN.username, "Wrong-Pa55word"))
    assert (fetched.exit_code, error(fetched, name)["error"]) == (5, "auth_failed")
    assert "Wrong-Pa55word" not in fetched.said
    assert all(b"Wrong-Pa55word" not in content for content in fetched.files.values())


@pytest.mark.parametrize(
    ("switches", "exit_code"),
    [({"maintenance": True}, 4), ({"captcha": True}, 3), ({"mfa": True}, 3), ({"refuse_login": True}, 5)],
)
def test_other_trouble_ends_as_the_specification_says(image, portal, throw, switches, exit_code):
    """A maintenance page is a source that is down; a challenge is a page that the gatherer does not know."""
    throw("brightwater", **switches)
    assert run(image, portal, "brightwater").exit_code == exit_code


def test_the_next_bill_is_fetched_when_it_is_there(image, portal, throw):
    """A month later the newest bill is another one; without a new bill the fetch still ends with 0."""
    newest = {}
    for name, switches in (("next", {"month": "2026-12"}), ("none", {"month": "2026-12", "no_new_bill": True})):
        throw("northgas", **switches)
        newest[name] = result(run(image, portal, "northgas"), "northgas")["bills"][0]["period_end"]
    assert newest == {"next": "2026-11-30", "none": "2026-10-31"}


@pytest.mark.parametrize("name", NAMES)
def test_recordings_are_those_of_the_healthy_portal(image, portal, name):
    """The recording in the repository is what a healthy fetch leaves today: same steps, lookups and pages."""
    raw, bodies = raw_trace(run(image, portal, name), portal)
    kept = Trace.model_validate_json((IMPORTERS / f"recordings/{name}.json").read_text())
    now = redact_trace(raw, bodies, key=KEY)
    assert now.steps == kept.steps
    # The signed-in user's name is not the recording's.
    assert [page for page in now.pages if now.pages[page] != kept.pages[page]] in ([], ["002.html"])


@pytest.mark.parametrize("name", NAMES)
def test_selectors_match_the_redacted_page_as_they_match_the_raw_one(image, portal, throw, name):
    """Each CSS selector finds as many elements on a redacted page as on the page that came, old design or new."""
    for version in ("v1", "v2"):
        throw(name, version=version)
        raw, bodies = raw_trace(run(image, portal, name), portal)
        trace = redact_trace(raw, bodies, key=KEY)
        literals = [text for page in REDESIGNS[name] for pair in page.literals.items() for text in pair]
        selectors = [text for text in literals if text[:1] in ".#" or text.split("#")[0].split(".")[0].isalpha()]
        for step, raw_step in zip(trace.steps, raw["steps"], strict=True):
            if step.page and step.page.endswith(".html"):
                pages = html.fromstring(bodies[raw_step["body"]]), html.fromstring(trace.pages[step.page])
                for selector in selectors:
                    before, after = (len(page.cssselect(selector.replace("$", r"\$"))) for page in pages)
                    assert before == after, selector


def test_a_failure_tells_where_the_gatherer_stood(image, portal, throw):
    """What the gate makes of a broken fetch names step, selector and the gatherer's own line."""
    throw("ostrava", version="v2")
    fetched = run(image, portal, "ostrava")
    failure = failure_from(error(fetched, "ostrava"), fetched.exit_code, "ostrava")
    line = (IMPORTERS / "lib/gatherers/ostrava.rb").read_text().splitlines()[failure.line - 1]
    assert (failure.kind, failure.step, failure.file) == ("source_changed", 1, "lib/gatherers/ostrava.rb")
    assert f'"{failure.selector}"' in line


def test_the_specs_are_green(image):
    """`rake spec` passes in the container without any network."""
    argv = ["docker", "run", "--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp", "--env", "HOME=/tmp"]  # noqa: S108 - in the container
    done = subprocess.run([*argv, image, "rake", "spec"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert ", 0 failures" in done.stdout


def test_the_registry_fits_the_repository():
    """`importers.toml` has an entry of the contract's form for each gatherer, and for no other one."""
    entries = tomllib.loads((IMPORTERS / "importers.toml").read_text())["importers"]
    gatherers = {path.stem for path in (IMPORTERS / "lib/gatherers").glob("*.rb")}
    assert entries.keys() == gatherers == set(NAMES)
    for name, entry in entries.items():
        assert Importer(name=name, **entry).paths == (f"lib/gatherers/{name}.rb",)
        assert Path(IMPORTERS, entry["paths"][0]).exists()
