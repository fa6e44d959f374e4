"""Rules of the leak audit's judgement."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healer.audit import Audit, Finding, Piece, Search, examine, is_secret, of_json, texts
from healer.errors import UpstreamError

SECRET = 'p&ß "<9a>/+=='
FORMS = {
    "as it is": SECRET.encode(),
    "upper case": b"PLAIN-SECRET-77",
    "UTF-16": SECRET.encode("utf-16-le"),
    "base64, wrapped": base64.encodebytes(("x" * 70 + SECRET + "y" * 70).encode()),
    "hex": SECRET.encode().hex().encode(),
    "URL": quote(SECRET, safe="").encode(),
    "JSON in JSON": json.dumps(json.dumps({"p": SECRET})).encode(),
    "across lines": b"plain-\n    secret-77",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_value_is_found_in_every_form(form):
    """A value counts in whatever encoding, case or line breaks it lies there."""
    assert Search([SECRET, "plain-secret-77"]).hits(b"before " + FORMS[form] + b" after") >= 1


def test_lines_of_a_value_are_found_alone():
    """Of a value of several lines each line is searched for by itself."""
    assert Search(["first line of it\nsecond line of it"]).hits(b"... second line of it ...") == 1


def test_what_is_no_secret_is_not_searched_for():
    """An address without a login, the edge of a PEM, and a short or common value are no secrets."""
    for value in ("redis://127.0.0.1:6379/0", "-----BEGIN PRIVATE KEY-----", "abc", "password"):
        assert not is_secret(value)
    assert is_secret("redis://:s3cret-of-redis@127.0.0.1:6379/0")


def test_nothing_to_search_for_finds_nothing():
    """Without a value there is no hit."""
    assert Search([]).hits(b"anything at all") == 0


def test_a_hit_is_told_by_its_place_alone():
    """A finding names the place and the count; neither value nor surroundings are anywhere in it."""
    finding = examine(
        "Redis", [Piece("healer:x", b"around " + SECRET.encode()), Piece("healer:y", b"clean")], Search([SECRET])
    )
    assert (finding.pieces, dict(finding.places)) == (2, {"healer:x": 1})
    shown = json.dumps(Audit((finding,), 1).document(), ensure_ascii=False)
    assert SECRET not in shown
    assert "around" not in shown


def test_a_place_whose_name_is_the_secret_is_not_shown():
    """A key or path that holds a value itself is a hit, and is told without its name."""
    finding = examine("temporary files", [Piece("/x/plain-secret-77", b"")], Search(["plain-secret-77"]))
    assert finding.hits == 1
    assert "plain-secret-77" not in str(finding)


@pytest.mark.parametrize("error", [UpstreamError("no answer", service="x", reason="unread"), KeyError("id")])
def test_a_sink_that_breaks_off_is_unread(error):
    """Where reading fails, for whatever reason, the sink is unread; what was found before counts."""

    def pieces():
        yield Piece("first", b"plain-secret-77")
        raise error

    finding = examine("Prefect logs", pieces(), Search(["plain-secret-77"]))
    assert (finding.hits, bool(finding.unread)) == (1, True)
    assert Audit((finding,), 1).unread == ("Prefect logs",)


def test_the_document_says_of_each_sink_what_it_is():
    """A sink is searched, unread or absent in the document, with the reason."""
    findings = (Finding("a", 3), Finding("b", unread="why"), Finding("c", absent="not set"))
    document = Audit(findings, 7, ("x.pin",)).document()
    assert [(row["state"], row.get("why")) for row in document["sinks"]] == [
        ("searched", None),
        ("unread", "why"),
        ("absent", "not set"),
    ]
    assert document["values"] == {"searched": 7, "left_out": ["x.pin"]}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(_JSON, st.sampled_from(["plain-secret-77", SECRET]))
def test_a_value_is_found_anywhere_in_json(value, secret):
    """Wherever a text stands in a JSON value, as key or member, it is searched."""
    search = Search([secret])
    assert search.hits(of_json("x", [value, {"k": [f"said {secret}!"]}]).data) >= 1
    assert search.hits(of_json("x", [value, {f"said {secret}": 1}]).data) >= 1


@given(_JSON)
def test_every_text_of_json_is_given(value):
    """All texts of a JSON value come out, so that none is overlooked."""
    assert "marker" in list(texts([value, ["marker"]]))
