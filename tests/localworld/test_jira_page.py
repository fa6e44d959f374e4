"""What the JIRA stand-in shows to a person, and the two forms of its rich text."""

from html.parser import HTMLParser

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jira_site import KEY
from localworld.jira.app import create_app
from localworld.jira.markup import to_html
from localworld.jira.store import Store
from localworld.jira.texts import adf_to_wiki, wiki_to_adf
from localworld.layout import TICKET_KEEPERS, Layout, Plan
from loopback import NO_TLS


class Tags(HTMLParser):
    """Collects tags, attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        """Keep a tag and its attributes."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        """Keep a text."""
        self.text += data


def tags(html) -> Tags:
    parser = Tags()
    parser.feed(str(html))
    return parser


WIKI = """h3. Healed <b>now</b>

*Pull request* [#12|https://github.example/pull/12] by a_b_c and 2*3*4.
||Check||Result||
|{{a\\|b}}|(/) green|

{code:diff}
-old
+new
{code}
* one
** two
{anchor:healer-UTIL-101}"""


def test_wiki_markup_is_rendered():
    """Headings, bold, links, tables, code, lists and icons are shown; the marker is not."""
    page = tags(to_html(WIKI))
    assert [t for t in page.tags if t in ("h3", "strong", "a", "th", "td", "pre", "li")] == [
        "h3",
        "strong",
        "a",
        "th",
        "th",
        "td",
        "td",
        "pre",
        "li",
        "li",
    ]
    assert ("href", "https://github.example/pull/12") in page.attributes
    assert "Healed <b>now</b>" in page.text
    assert "a_b_c and 2*3*4" in page.text
    assert "✔ green" in page.text
    assert "anchor" not in page.text


@given(st.text(st.sampled_from("<>\"'&{}[]|*_-\\h1. \n#ab:/()javscript"), max_size=120))
def test_no_markup_makes_html_of_its_own(text):
    """Whatever is written, only our own tags and harmless addresses come out."""
    page = tags(to_html(text))
    ours = {
        "p",
        "br",
        "strong",
        "em",
        "del",
        "code",
        "pre",
        "span",
        "a",
        "ul",
        "ol",
        "li",
        "table",
        "tr",
        "td",
        "th",
        "hr",
        "blockquote",
        "section",
        "header",
    }
    assert set(page.tags) <= ours | {f"h{n}" for n in range(1, 7)}
    assert {name for name, _ in page.attributes} <= {"href", "rel", "class"}
    assert all(
        (value or "").startswith(("http://", "https://", "mailto:"))
        for name, value in page.attributes
        if name == "href"
    )


def test_the_page_shows_the_ticket_to_a_person(jira_site):
    """Fields, status, comment, links and history are on the page; foreign text is text."""
    jira_site.client().say(KEY, "m", "h3. Healed\n\n<script>alert(1)</script>")
    jira_site.client().link(KEY, "g", "https://github.example/pull/12", "Pull request #12")
    jira_site.client().move(KEY, "In Review")
    page = tags(httpx.get(f"{jira_site.url}/browse/{KEY}", verify=NO_TLS, trust_env=False).text)
    for words in (
        "Brightwater: no bills since Monday",
        "importer-brightwater",
        "In Review",
        "Healed",
        "<script>alert(1)",
        "Pull request #12",
    ):
        assert words in page.text
    assert "script" not in page.tags
    assert KEY in tags(httpx.get(jira_site.url, verify=NO_TLS, trust_env=False).text).text


@pytest.mark.parametrize("mode", ["cloud", "datacenter"])
async def test_whoever_opens_the_world_comments_as_one_who_may_command(tmp_path, mode):
    """The form of a ticket's page speaks as the maintainer, who is of the group that commands there; other sites' pages do not."""
    layout = Layout(Plan(root=tmp_path, gate="scripted", jira_mode=mode))
    store = Store(layout.jira_config(), mode, "http://jira", tmp_path / "state.json")
    app = create_app(store, tmp_path / "record.jsonl")
    place = f"/browse/{KEY}/comment"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://jira") as http:
        assert "/healer explain" in (await http.get(f"/browse/{KEY}")).text
        told = {"text": "/healer explain"}
        assert (await http.post(place, data=told, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
        assert (await http.post(place, data=told, headers={"Sec-Fetch-Site": "same-origin"})).status_code == 303
        assert (await http.post("/browse/UTIL-999/comment", data=told)).status_code == 404
    (comment,) = store.tickets[KEY].comments
    assert (comment.author, comment.body) == ("maintainer", "/healer explain")
    assert TICKET_KEEPERS in store.users["maintainer"].groups


def test_the_page_of_a_missing_ticket_is_404(jira_site):
    """A person gets a 404 too."""
    assert httpx.get(f"{jira_site.url}/browse/UTIL-9", verify=NO_TLS, trust_env=False).status_code == 404


@given(st.lists(st.text("abc :;.,", min_size=1, max_size=20).filter(str.strip), min_size=1, max_size=5))
def test_paragraphs_survive_the_document_format(paragraphs):
    """Wiki markup to a document and back keeps every paragraph."""
    wiki = "\n\n".join(paragraph.strip() for paragraph in paragraphs)
    assert adf_to_wiki(wiki_to_adf(wiki)) == wiki
