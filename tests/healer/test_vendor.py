"""Rules of a platform's print: what shows that two portals are made by the same software, and what does not."""

import json
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healer.vendor import KINDS, Print, agreeing, fingerprint

ROOT = Path(__file__).resolve().parents[2]
RECORDINGS = {
    path.stem: json.loads(path.read_text()) for path in (ROOT / "localworld/importers/recordings").glob("*.json")
}


def pages(importer):
    return list(RECORDINGS[importer]["pages"].values())


def tenant(importer, name):
    """Give the pages as another customer of the same vendor has them: other host, name, colours, and of the pages only some."""
    logo = f'<div class="promo-{name}" id="welcome-{name}"><img src="/{name}/logo.png"></div></body>'
    return [page.replace(importer, name).replace("</body>", logo) for page in pages(importer)[:5]]


def test_importers_of_the_local_world_are_no_siblings():
    """Six utilities that six people have made share frameworks and words, and no platform."""
    prints = {name: fingerprint(pages(name), [name]) for name in RECORDINGS}
    assert len(prints) == 6
    for one, other in combinations(prints, 2):
        assert not agreeing(prints[one], prints[other]), (one, other)


@pytest.mark.parametrize("importer", ["brightwater", "cascade", "halden", "northgas", "ostrava"])
def test_another_customer_of_the_vendor_is_recognised(importer):
    """Name, host, and pages that the one has and the other has not change nothing."""
    one = fingerprint(pages(importer), [importer])
    other = fingerprint(tenant(importer, "riverbend"), ["riverbend"])
    assert {"ids", "classes"} & set(agreeing(one, other))


def test_platform_is_known_again_after_one_of_its_traces_was_renamed():
    """A vendor that renames its classes still has its ids and fields: two kinds that agree are enough, one is not."""
    one = Print(
        assets=frozenset({"js/ebill.js"}),
        fields=frozenset({"custRef", "stmtNo"}),
        classes=frozenset({f"a{n}" for n in range(9)}),
    )
    renamed = one.model_copy(update={"classes": frozenset({f"b{n}" for n in range(9)})})
    assert agreeing(one, renamed) == ("assets", "fields")
    assert not agreeing(one, renamed.model_copy(update={"assets": frozenset()}))


@pytest.mark.parametrize(
    "page",
    [
        '<meta name="generator" content="WordPress 6.4"><script src="/wp/jquery-3.7.1.min.js"></script><link href="/bootstrap.css">',
        '<form><input name="username"><input name="password"><input name="_csrf"><input name="remember_me"></form>',
        '<input name="ctl00$MainContent$txtUserName"><input name="ctl00$MainContent$txtPassword"><input name="__VIEWSTATE">',
        '<div id="content" class="row col-md-4 btn btn-primary navbar alert panel-body"></div><div id="main"></div>',
    ],
)
def test_what_every_site_has_says_nothing(page):
    """Frameworks, content systems that anybody uses, and the usual names of a login form are no trace of a vendor."""
    assert fingerprint([page]) == Print()


def test_versions_hashes_and_hosts_are_left_out():
    """The same script of the same vendor is one trace, whatever its version, build and host."""
    ours = '<meta name="generator" content="PayWell {0}"><script src="https://{1}/portal/paywell-{0}.min.js"></script>'
    prints = [fingerprint([ours.format(*what)]) for what in (("4.2.1", "a.example"), ("5.0", "b.example:8443"))]
    assert prints[0] == prints[1]
    assert (prints[0].generator, prints[0].assets) == (frozenset({"paywell"}), frozenset({"portal/paywell.js"}))


@given(
    st.lists(
        st.text(max_size=80) | st.sampled_from(["<p id=x", "<!--", "<a href=//[>", '<input name="\x00">', "{}"]),
        max_size=4,
    )
)
def test_any_text_has_a_print(texts):
    """Whatever a portal sends, nothing is raised, and the order of its pages does not matter."""
    assert fingerprint(texts) == fingerprint(reversed(texts))


@given(st.data())
def test_to_agree_is_mutual(data):
    """What makes the one a sibling makes the other one."""
    traces = st.frozensets(st.sampled_from([f"t{n}" for n in range(12)]))
    one, other = (Print(**{kind: data.draw(traces) for kind in KINDS}) for _ in range(2))
    assert agreeing(one, other) == agreeing(other, one)
