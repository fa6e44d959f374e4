"""The portal of the six made-up utilities: its pages, its sessions, and what its switches do."""

import json
import os
import re
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from urllib.parse import urljoin

import httpx
import pytest
from lxml import html

from localworld.errors import WorldError
from localworld.portal.__main__ import read_logins
from localworld.portal.app import create_app
from localworld.portal.reading import locale_of
from localworld.portal.server import serving
from localworld.portal.site import Login
from localworld.portal.switches import Switches, month_of
from localworld.portal.utilities import UTILITIES

PASSWORD = 'p&x"<1/+=='
LOGINS = {utility.name: Login("dana@acme.example", PASSWORD) for utility in UTILITIES}
BY_NAME = {utility.name: utility for utility in UTILITIES}
EACH = [(utility.name, version) for utility in UTILITIES for version in ("v1", "v2")]
HISTORY = {
    "brightwater": "billing/history",
    "voltara": "api/billing/history",
    "northgas": "account/bills",
    "cascade": "billing/history",
    "halden": "documents",
    "ostrava": "faktury",
}
NAMES = list(BY_NAME)


@pytest.fixture(scope="module")
def portal():
    with serving(create_app(LOGINS, month_of("2026-11")), ["127.0.0.1"]) as listening:
        yield listening.url


@pytest.fixture(scope="module")
def board(portal):
    with httpx.Client(base_url=portal) as client:
        yield client


@pytest.fixture
def throw(board):
    """Throw switches; what was thrown is put back when the test ends."""
    thrown = set()

    def post(utility, **switches):
        thrown.add(utility)
        return board.post(f"/_control/{utility}", json=switches)

    yield post
    for utility in thrown:
        board.post(f"/_control/{utility}", json=Switches().as_json())


@pytest.fixture
def browser(portal):
    with httpx.Client(base_url=portal, follow_redirects=True) as client:
        yield client


def census(board, utility):
    return board.get("/_control").json()[utility]


def forms(page):
    return [form for form in html.fromstring(page.text).forms if form.get("role") != "search"]


def fill(browser, page, utility, version, password=PASSWORD):
    """Send the page's one form with the login where it asks for it."""
    user, secret = BY_NAME[utility].fields[version]
    (form,) = forms(page)
    fields = dict(form.form_values())
    fields |= {name: value for name, value in ((user, "dana@acme.example"), (secret, password)) if name in form.fields}
    return browser.post(urljoin(str(page.url), form.get("action")), data=fields)


def sign_in(browser, utility, version="v1", password=PASSWORD):
    page = browser.get(f"/{utility}/")
    for _ in range(3):
        if not forms(page):
            break
        page = fill(browser, page, utility, version, password)
        if BY_NAME[utility].refusal in html.fromstring(page.text).text_content():
            break
    return page


@pytest.mark.parametrize(("utility", "version"), EACH)
def test_a_customer_signs_in_and_finds_the_bills(throw, browser, utility, version):
    """With the right login each site, old or new, shows its bills with links that give PDFs."""
    throw(utility, version=version)
    sign_in(browser, utility, version)
    listed = browser.get(f"/{utility}/{HISTORY[utility]}").text
    numbers = re.findall(r"/(?:documents|bills|statement)/(\d{8})", listed)
    assert numbers[0] == "2611" + numbers[0][4:]
    pdf = browser.get(f"/{utility}/documents/{numbers[0]}.pdf")
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    assert pdf.content == browser.get(f"/{utility}/documents/{numbers[0]}.pdf").content


@pytest.mark.parametrize(("utility", "version"), EACH)
def test_pages_need_nothing_from_elsewhere(throw, browser, utility, version):
    """Each page finds its styles and scripts on the portal itself and refers to no other host."""
    throw(utility, version=version)
    for page in (browser.get(f"/{utility}/login"), sign_in(browser, utility, version)):
        root = html.fromstring(page.text)
        wanted = root.xpath("//link[@rel='stylesheet']/@href | //script/@src | //img/@src")
        assert wanted
        assert {browser.get(address).status_code for address in wanted} == {200}
        assert not root.xpath("//@href[contains(., '//')] | //@src[contains(., '//')] | //@action[contains(., '//')]")


@pytest.mark.parametrize(("utility", "version"), EACH)
def test_a_wrong_password_is_refused_in_the_sites_own_words(board, throw, browser, utility, version):
    """A refused login shows the utility's refusal, lets nobody in, and is counted."""
    throw(utility, version=version)
    before = census(board, utility)
    page = sign_in(browser, utility, version, password="nope")
    assert BY_NAME[utility].refusal in html.fromstring(page.text).text_content()
    assert browser.get(f"/{utility}/{HISTORY[utility]}").url.path == f"/{utility}/login"
    after = census(board, utility)
    assert (after["logins"], after["refused"]) == (before["logins"] + 1, before["refused"] + 1)


@pytest.mark.parametrize("utility", NAMES)
def test_bills_are_for_members(browser, utility):
    """Whoever has not signed in is sent to the login, from the bills as from a PDF."""
    for path in (HISTORY[utility], "documents/26110000.pdf"):
        assert browser.get(f"/{utility}/{path}").url.path == f"/{utility}/login"


def test_a_form_without_its_token_is_refused(browser):
    """A login that does not carry the session's token is answered 403, even with the right password."""
    browser.get("/brightwater/login")
    answer = browser.post("/brightwater/login", data={"username": "dana@acme.example", "password": PASSWORD})
    assert answer.status_code == 403


def test_signing_in_gives_a_new_session(browser):
    """The session id from before the login is worth nothing after it."""
    browser.get("/brightwater/login")
    before = browser.cookies["brightwater_session"]
    sign_in(browser, "brightwater")
    assert browser.cookies["brightwater_session"] != before
    browser.cookies.clear()
    browser.cookies.set("brightwater_session", before)
    assert browser.get("/brightwater/account").url.path == "/brightwater/login"


def test_signing_out_ends_the_session(browser):
    """After signing out the account is closed."""
    sign_in(browser, "brightwater")
    browser.get("/brightwater/logout")
    assert browser.get("/brightwater/account").url.path == "/brightwater/login"


def test_a_site_that_is_down_answers_503_to_everything(throw, browser):
    """`down` is for the whole site of one utility, and for no other one."""
    throw("voltara", down=True)
    assert {browser.get(f"/voltara/{path}").status_code for path in ("", "login", "dashboard")} == {503}
    assert browser.get("/halden/login").status_code == 200


def test_a_site_under_maintenance_says_so_with_200(throw, browser):
    """`maintenance` shows its page in place of every other one."""
    throw("voltara", maintenance=True)
    page = browser.get("/voltara/login")
    assert page.status_code == 200
    assert "Scheduled maintenance" in page.text


def test_a_captcha_stands_before_the_login(throw, browser):
    """`captcha` shows a challenge in place of the login."""
    throw("cascade", captcha=True)
    root = html.fromstring(browser.get("/cascade/login").text)
    assert root.cssselect(".g-recaptcha")
    assert not root.cssselect("input[type=password]")


def test_a_second_factor_stands_behind_the_login(throw, browser):
    """`mfa` asks for a code after the right password, takes none, and keeps the account closed."""
    throw("brightwater", mfa=True)
    page = sign_in(browser, "brightwater")
    assert html.fromstring(page.text).cssselect("input[autocomplete=one-time-code]")
    assert "not valid" in fill(browser, page, "brightwater", "v1").text
    assert browser.get("/brightwater/account").url.path == "/brightwater/login"


def test_the_right_password_can_be_refused(throw, browser):
    """`refuse_login` refuses whatever is sent."""
    throw("halden", refuse_login=True)
    assert "Sign-in failed" in sign_in(browser, "halden").text


def test_a_site_can_be_slow(throw, browser):
    """`slow_ms` delays each page of the site."""
    throw("halden", slow_ms=150)
    assert browser.get("/halden/login").elapsed.total_seconds() >= 0.15


def test_the_next_month_brings_the_next_bill(throw, browser):
    """`month` is the month of the newest bill; `no_new_bill` leaves it out and says so. Bills on file stay as they were."""
    sign_in(browser, "brightwater")
    rows = {}
    for name, switches in (
        ("now", {"month": None}),
        ("next", {"month": "2026-12"}),
        ("none", {"month": "2026-12", "no_new_bill": True}),
    ):
        throw("brightwater", no_new_bill=False)
        throw("brightwater", **switches)
        page = html.fromstring(browser.get("/brightwater/billing/history").text)
        rows[name] = [row.text_content() for row in page.cssselect("#bills tbody tr")]
    assert rows["next"][1:] == rows["now"][:-1]
    assert rows["none"] == rows["now"]
    assert "no new bills available" in page.text_content()


def test_a_redesign_shows_the_same_bills(throw, browser):
    """Both versions of a site tell the same amounts: a redesign changes pages, not bills."""
    amounts = {}
    for version in ("v1", "v2"):
        throw("ostrava", version=version)
        browser.cookies.clear()
        sign_in(browser, "ostrava", version)
        text = html.fromstring(browser.get("/ostrava/faktury").text).text_content()
        amounts[version] = sorted(re.findall(r"[\d\xa0]+,\d\d Kč", text))
    assert amounts["v1"] == amounts["v2"]
    assert len(amounts["v1"]) == BY_NAME["ostrava"].bills + 1


@pytest.mark.parametrize(
    "switches",
    [{"version": "v9"}, {"down": "yes"}, {"slow_ms": -1}, {"slow_ms": True}, {"month": "2026-13"}, {"colour": "red"}],
)
def test_an_unknown_switch_changes_nothing(board, throw, switches):
    """A switch or value that does not exist is refused by name, and the site stays as it was."""
    before = census(board, "halden")
    answer = throw("halden", mfa=True, **switches)
    assert answer.status_code == 422
    assert next(iter(switches)) in answer.json()["error"]
    assert census(board, "halden") == before


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'"down"'])
def test_a_body_that_is_no_object_is_refused(board, body):
    """The switchboard takes JSON objects only."""
    assert board.post("/_control/halden", content=body).status_code == 422


def test_an_unknown_utility_has_no_switches(throw):
    """Switches of nobody are 404."""
    assert throw("nobody", down=True).status_code == 404


def test_the_front_page_leads_to_each_site(browser):
    """The portal's own page links all six utilities."""
    links = html.fromstring(browser.get("/").text).xpath("//ul//a/@href")
    assert links == [f"/{name}/" for name in NAMES]


def test_each_utility_writes_money_in_its_own_way():
    """Days and money are written as the utility's country does."""
    czech, english = locale_of(BY_NAME["ostrava"]), locale_of(BY_NAME["northgas"])
    day, amount = month_of("2026-11"), Decimal("1860.00")
    assert (czech.day(day), czech.money(amount)) == ("1. 11. 2026", "1\xa0860,00 Kč")
    assert (english.day(day), english.money(amount)) == ("1 November 2026", "£1,860.00")


def test_no_page_and_no_log_shows_the_password(browser, capfd):
    """The password is in no page that comes after it was typed, nor in anything that the server writes."""
    pages = [sign_in(browser, name).text for name in NAMES]
    pages += [browser.get(f"/{name}/{HISTORY[name]}").text for name in NAMES]
    assert all(PASSWORD not in html.fromstring(page).text_content() for page in pages if page.startswith("<"))
    assert "".join(capfd.readouterr()) == ""
    assert PASSWORD not in repr(LOGINS)


def test_the_program_serves_on_several_addresses_and_says_when(tmp_path):
    """`python -m localworld.portal` prints one line when it listens, ends on SIGTERM, and prints no password."""
    file = tmp_path / "logins.json"
    file.write_text(json.dumps({"halden": {"username": "dana", "password": PASSWORD}}))
    argv = [sys.executable, "-m", "localworld.portal", "--credentials", str(file), "--month", "2026-11"]
    argv += ["--host", "127.0.0.1", "--host", "127.0.0.2", "--port", "0"]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=root) as process:
        ready = process.stdout.readline()
        urls = re.findall(r"http://\S+", ready)
        answers = [httpx.get(f"{url}/halden/login").status_code for url in urls]
        absent = httpx.get(f"{urls[0]}/voltara/login").status_code
        os.kill(process.pid, signal.SIGTERM)
        said = ready + process.stdout.read()
    assert ready.startswith("portal ready on ")
    assert (len(urls), answers, absent) == (2, [200, 200], 404)
    assert process.returncode == 0
    assert PASSWORD not in said


def test_a_bad_credentials_file_is_named_without_its_content(tmp_path):
    """A file of another form is refused without a word of what it holds."""
    file = tmp_path / "logins.json"
    file.write_text('{"halden": "hunter2"}')
    with pytest.raises(WorldError, match="username and password") as caught:
        read_logins(file)
    assert "hunter2" not in str(caught.value)
