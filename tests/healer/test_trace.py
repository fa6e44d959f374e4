"""The redaction of traces by shape, and the reading of a fetch's failure."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from healer.contracts import FailureClass, Trace
from healer.trace import LARGEST_PAGE, LARGEST_TRACE, MOST_PAGES, failure_from, failure_signature, redact_trace

KEY = b"k" * 32
LOGIN = """<!doctype html><html><head><title>Sign in 7741</title><meta name="csrf-token" content="abc">
<style>.a1 { color: red }</style><script>var account = "88412207";</script></head><body>
<!-- built for account 88412207 -->
<form id="login" class="form-signin" action="/login?next=%2Faccount&sid=88412207" onsubmit="go('88412207')">
<label for="user">User name</label><input id="user" name="username" type="text" value="dana@acme.example">
<input type="hidden" name="csrf" value="3f9a2c"><input type="password" name="password" value="hunter2">
<button type="submit" value="Sign in">Sign in</button></form>
<table id="bills"><tr class="row-2"><td class="due">2026-11-20</td><td class="amount">$1,234.56</td>
<td class="again">$1,234.56</td><td data-account="8841-2207">1 234,56 Kč</td>
<td><a href="https://u:p@portal.example/bills/88412207.pdf?token=s3cret#top" title="Bill of 2026-11-20">PDF</a></td></tr></table>
<p>Write to dana.whitfield@acme.example, session eyJhbGciOiJIUzI1NiIsInR5cCI6.</p></body></html>"""


def make_raw(*bodies, content_type="text/html; charset=utf-8", lookups=(), **fields):
    steps = [
        {
            "number": n,
            "method": "GET",
            "url": f"https://portal.example/page/{n}",
            "status": 200,
            "content_type": content_type,
            "body": f"{n:03d}.body",
            "lookups": list(lookups),
        }
        for n in range(1, len(bodies) + 1)
    ]
    raw = {"version": 1, "importer": "brightwater", "steps": steps, **fields}
    return raw, {f"{n:03d}.body": body for n, body in enumerate(bodies, 1)}


def redacted(body, content_type="text/html; charset=utf-8", key=KEY):
    text = body.encode() if isinstance(body, str) else body
    trace = redact_trace(*make_raw(text, content_type=content_type), key=key)
    return trace.pages[trace.steps[0].page]


def select(page, selector):
    return [e.text for e in html.document_fromstring(page).cssselect(selector)]


def test_no_value_of_a_page_survives():
    """Digits, e-mail addresses, field values, scripts, comments, query values and tokens of a page are gone."""
    page = redacted(LOGIN)
    for value in ("88412207", "8841-2207", "2026", "1,234", "234,56", "hunter2", "3f9a2c", "dana", "eyJhbG", "s3cret"):
        assert value not in page
    assert "u:p@" not in page
    assert "color" not in page


def test_what_a_page_is_recognised_by_survives():
    """Ids, classes, names, labels and structure stay as they were."""
    page = redacted(LOGIN)
    for kept in ('id="login"', 'class="form-signin"', 'name="username"', 'for="user"', 'class="row-2"', "User name"):
        assert kept in page
    assert 'value="Sign in"' in page
    assert "portal.example/bills/" in page


def test_values_keep_their_shape():
    """A date stays date-shaped, money stays money-shaped, an e-mail address stays one."""
    page = redacted(LOGIN)
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", select(page, "td.due")[0])
    assert re.fullmatch(r"\$\d,\d{3}\.\d{2}", select(page, "td.amount")[0])
    assert re.fullmatch(r"\d \d{3},\d{2} Kč", select(page, "td[data-account]")[0])
    assert re.search(r"Write to email-[0-9a-f]{10}@example\.invalid, session token-[0-9a-f]{10}\.", page)


def test_equal_values_stay_equal_under_one_key_only():
    """The same value gives the same token everywhere under one key, and another one under another key."""
    page = redacted(LOGIN)
    assert select(page, "td.amount") == select(page, "td.again")
    assert select(page, "td.due")[0] in re.search(r'title="Bill of ([\d-]+)"', page).group(1)
    assert select(redacted(LOGIN, key=b"other"), "td.due") != select(page, "td.due")


def test_json_keeps_keys_and_types():
    """JSON keeps its keys and the types of its values; numbers, texts and addresses are replaced."""
    body = json.dumps({"data": {"bills": [{"amount": 128.44, "no": 88412207, "due": "2026-11-20", "paid": True}]}})
    bill = json.loads(redacted(body, "application/json"))["data"]["bills"][0]
    assert (type(bill["amount"]), type(bill["no"]), bill["paid"]) == (float, int, True)
    assert (bill["amount"], bill["no"]) != (128.44, 88412207)
    assert len(str(bill["no"])) == 8
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", bill["due"])
    assert "2026" not in bill["due"]


def test_a_body_that_is_not_what_it_says_is_redacted_as_text():
    """A broken JSON body is redacted as text; nothing passes because it could not be parsed."""
    trace = redact_trace(*make_raw(b'{"account": 88412207', content_type="application/json"), key=KEY)
    assert trace.steps[0].page == "001.txt"
    assert "88412207" not in trace.pages["001.txt"]


def test_bodies_that_are_no_text_have_no_page():
    """A PDF is a step without a page."""
    trace = redact_trace(*make_raw(b"%PDF-1.7 88412207", content_type="application/pdf"), key=KEY)
    assert trace.pages == {}
    assert trace.steps[0].page is None


def test_the_charset_that_a_portal_declares_is_used():
    """Text in the portal's own charset is read as such, whether header or page declares it."""
    body = "<html><body><p>Částka k úhradě 1 234,56 Kč</p></body></html>".encode("windows-1250")
    assert "Částka k úhradě" in redacted(body, "text/html; charset=windows-1250")


def test_addresses_of_steps_lose_user_info_and_query_values():
    """A step's address keeps host and port, and loses the login and query values in it."""
    raw, bodies = make_raw(b"<p>x</p>")
    raw["steps"][0]["url"] = "http://dana:pw@172.17.0.1:8082/northgas/bills?account=88412207&page=2"
    url = redact_trace(raw, bodies, key=KEY).steps[0].url
    assert url == "http://172.17.0.1:8082/northgas/bills?account=&page="


def test_addresses_in_pages_keep_their_form():
    """A link to a place in the page, a script or an empty query stays one, so that attribute selectors still match."""
    page = redacted(
        '<p><a href="#">x</a><a href="/bills?">x</a><a href="#bills">x</a><a href="javascript:go(7)">x</a></p>'
    )
    assert re.findall(r'href="([^"]*)"', page) == ["#", "/bills?", "#bills", "javascript:"]


def test_selectors_keep_positions_and_lose_account_numbers():
    """`nth-child(4)` stays; a long number built into a selector becomes the page's token for it."""
    lookups = [
        {"selector": s, "kind": "css", "many": False, "found": 1, "file": "lib/g.rb", "line": 3}
        for s in ("td:nth-child(4)", 'tr[data-account="88412207"]')
    ]
    raw, bodies = make_raw(b'<table><tr data-account="88412207"><td>x</td></tr></table>', lookups=lookups)
    trace = redact_trace(raw, bodies, key=KEY)
    position, account = (lookup.selector for lookup in trace.steps[0].lookups)
    assert position == "td:nth-child(4)"
    assert "88412207" not in account
    assert len(html.document_fromstring(trace.pages["001.html"]).cssselect(account)) == 1


def test_caps_hold_and_the_newest_page_is_kept():
    """At most 40 pages, 256 KiB a page and 1 MiB in all; the page of the last step is never left out."""
    large = ("<div><p>" + "word " * 30 + "</p></div>") * 3000
    many = redact_trace(*make_raw(*[b"<p>x</p>"] * 60), key=KEY)
    heavy = redact_trace(*make_raw(*[f"<body>{large}</body>".encode()] * 6), key=KEY)
    assert len(many.pages) == MOST_PAGES
    assert many.steps[-1].page
    assert heavy.steps[-1].page
    sizes = [len(page.encode()) for page in heavy.pages.values()]
    assert max(sizes) <= LARGEST_PAGE
    assert sum(sizes) <= LARGEST_TRACE
    assert heavy.pages[heavy.steps[-1].page].endswith("</html>")


def test_of_too_many_pages_those_that_lacked_something_stay():
    """A page in which a lookup found nothing goes before pages that gave what they were asked for."""
    raw, bodies = make_raw(*[b"<p>x</p>"] * 60)
    lookup = {"selector": "p", "kind": "css", "many": False, "found": 0, "file": "lib/g.rb", "line": 3}
    raw["steps"][50]["lookups"] = [lookup]
    assert redact_trace(raw, bodies, key=KEY).steps[50].page


def test_malformed_parts_are_left_out():
    """What has not the form of a step or lookup is dropped, the rest is used."""
    raw, bodies = make_raw(b"<p>x</p>", lookups=[{"selector": "p"}, 7, None])
    raw["steps"] += [None, {"number": 0}, {"number": "two", "status": 200}, {**raw["steps"][0], "body": ["x"]}]
    trace = redact_trace(raw, bodies, key=KEY)
    assert [step.number for step in trace.steps] == [1]
    assert trace.steps[0].lookups == ()
    assert redact_trace({"importer": "../etc"}, {}, key=KEY) == Trace(importer="unknown")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KNOWN = st.sampled_from(
    ["number", "url", "status", "content_type", "body", "lookups", "selector", "kind", "line", "file"]
)
STEPS = st.lists(st.dictionaries(KNOWN, JSON, max_size=10) | JSON, max_size=4)
TYPES = st.sampled_from(
    ["text/html", "text/html; charset=utf-16", "application/json", "text/csv", "", "application/xml"]
)


@given(raw=st.dictionaries(st.sampled_from(["version", "importer"]), JSON), steps=STEPS | JSON)
def test_a_hostile_raw_trace_never_raises(raw, steps):
    """Whatever JSON an importer leaves, redaction gives a Trace that can be sent."""
    trace = redact_trace({**raw, "steps": steps}, {"": b"x", "0": b"<p>"}, key=KEY)
    assert Trace.model_validate_json(trace.model_dump_json()) == trace


@given(
    body=st.binary(max_size=300) | st.text(alphabet="<>/=\"'&; ab1\x00!-[]pdiv", max_size=200).map(str.encode),
    kind=TYPES,
)
@settings(max_examples=300)
def test_hostile_bodies_never_raise(body, kind):
    """Whatever bytes a portal sends, redaction gives a Trace that can be sent."""
    trace = redact_trace(*make_raw(body, content_type=kind), key=KEY)
    assert Trace.model_validate_json(trace.model_dump_json()) == trace


@given(
    number=st.from_regex(r"[1-9][0-9]{7,11}", fullmatch=True),
    kind=st.sampled_from(["text/html", "application/json", "text/csv"]),
)
def test_no_account_number_survives_anywhere(number, kind):
    """An account number is gone from every kind of page, wherever it stood."""
    pages = {
        "text/html": f'<p title="{number}">No. {number}<a href="/a/{number}?n={number}">x</a><!-- {number} --></p>{number}',
        "application/json": f'{{"a": {number}, "b": "{number}", "c": ["x{number}y", {number}.5]}}',
        "text/csv": f"account,{number}\n{number}",
    }
    assert number not in redacted(pages[kind], kind)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (3, "source_changed"),
        (4, "source_down"),
        (5, "auth_failed"),
        (6, "contract_broken"),
        (1, "crashed"),
        (137, "crashed"),
    ],
)
def test_the_exit_code_says_what_kind_of_failure_it_is(code, kind):
    """The exit code decides, whatever the error file claims."""
    assert failure_from({"error": "source_down"}, code, "brightwater").kind == FailureClass(kind)


def test_a_fetch_without_exit_code_has_timed_out():
    """No exit code means that the wall clock ended the fetch."""
    assert failure_from(None, None, "brightwater").kind is FailureClass.TIMED_OUT


def test_a_failure_says_where_it_stood():
    """Step, selector, file and line come from the error file; texts are capped."""
    said = {
        "exception": "Importers::SourceChanged",
        "message": "m" * 9000,
        "step": 3,
        "selector": "table#bills tbody tr",
        "file": "lib/gatherers/brightwater.rb",
        "line": 21,
    }
    failure = failure_from(said, 3, "brightwater")
    assert (failure.step, failure.selector, failure.line) == (3, "table#bills tbody tr", 21)
    assert len(failure.message) == 500


def test_the_signature_ignores_line_and_message():
    """Two runs of one breakage agree although line and message differ; another selector disagrees."""
    said = {"exception": "E", "selector": "p", "file": "lib/g.rb", "message": "a", "line": 1}
    first, second = (failure_from({**said, **more}, 3, "x") for more in ({}, {"message": "b", "line": 2}))
    assert first.signature == second.signature
    assert first.signature == failure_signature("x", "source_changed", "E", "p", "lib/g.rb")
    assert failure_from({**said, "selector": "q"}, 3, "x").signature != first.signature
    assert re.fullmatch(r"[0-9a-f]{16}", first.signature)


@given(
    said=st.dictionaries(st.sampled_from(["exception", "message", "step", "selector", "file", "line"]), JSON)
    | st.none()
)
def test_a_hostile_error_file_never_raises(said):
    """Whatever JSON an importer leaves as its error, a failure that can be sent comes of it."""
    failure = failure_from(said, 1, "brightwater")
    assert failure.model_dump_json()
