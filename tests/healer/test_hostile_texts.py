"""The whole pull request and the whole ticket, as people see them, when every foreign text in them is hostile.

Judged by parsers that had no part in making the texts harmless: markdown-it for GitHub, the stand-in's renderer and its converter
to Atlassian Document Format for JIRA, html.parser for what both render.
"""

import re
import unicodedata
from datetime import date
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from factories import NOW, make_case, make_failure, make_importer, make_report, make_run
from healer import backfill, prose
from healer.chain import link
from healer.contracts import Attempt, Check, Conclusion, Diagnosis, GateMode, Reason, State, Verdict
from healer.explain import explain
from healer.notice import comment
from healer.publish import Addresses, body
from localworld.jira.markup import to_html
from localworld.jira.texts import wiki_to_adf

OURS = "https://healer.example/v1/cases/UTIL-101"
ADDRESSES = Addresses(case=OURS, ticket="https://jira.example/browse/UTIL-101", prefect="https://prefect.example/runs")
RUN = "https://github.example/runs/7002"
PLACES = {*ADDRESSES.model_dump().values(), RUN, make_run().url, f"{OURS}/backfill", f"{OURS}/backfill.csv"}
PIECES = (
    "@octocat", "&#64;octocat", "&commat;octocat", "@acme/keepers", "＠octocat", "mail@evil.example", "<@U123>", "[~admin]",  # noqa: RUF001 - a look-alike by intent
    "[~accountid:5b10]", "fixes #12", "Closes: acme/importers#3", "resolves https://github.com/a/b/issues/1", "close GH-7",
    "fix\u200bes #1", "FIXES\u00a0#9", "![x](https://evil.example/p.png)", "!https://evil.example/i.png!",
    "!i.png|thumbnail!", "[click](//evil.example)", "[click|http://evil.example]", "<http://evil.example>",
    "https://evil.example/a?b=c", "hTTps://evil.example", "www.evil.example", "ftp://evil.example", "\\\\evil\\share",
    "[a]: https://evil.example 'x'", "[a]", "[^1]", "mailto:x@evil.example", "javascript:alert(1)",
    "[x](javascript:alert(1))", "file:///etc/passwd", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "<!--",
    "-->", "<details>", "</details>", "&lt;b&gt;", "<a href=//evil.example>x</a>", "{html}<b>x</b>{html}", "{code}",
    "{noformat}", "{panel:title=x}", "{include:x}", "{iframe:src=//evil.example}", "{color:red}", "{{mono}}",
    "{anchor:importer-healer}", "\u202egnol\u202c", "\u2066x\u2069", "a\u200bb", "\ufeff", "\U000e0041", "\u061c", "\x07",
    "\x1b[31m", "\n\n# Head", "\r\nh1. Big", "\n```\n", "~~~", "```json", "`", "``", "|", "||", "\\|", "\\", "\n|---|---|\n",
    "\n- item", "\n> quote", "\n---\n", "\n    code", "$`x`$", "$$x$$", "*bold*", "_it_", "-gone-", "~~s~~", "h1. Big",
    "bq. said", ":smile:", "(!)", "----",
)  # fmt: skip
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=12), max_size=6).map(" ".join)
DIFF = "--- a/lib/gatherers/x.rb\n+++ b/lib/gatherers/x.rb\n@@ -1,1 +1,1 @@\n-{}\n+{}\n"
MENTION = re.compile(r"(?<![\w`])@[A-Za-z0-9]")
ADDRESS = re.compile(r"\b(?:[a-z][a-z0-9+.-]*://|www\.)\S", re.IGNORECASE)
CLOSING = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+(?:[\w.-]+/[\w.-]+)?(?:#|GH-|https?://)\S", re.IGNORECASE
)
REFERENCE = re.compile(r"#\d|\bGH-\d", re.IGNORECASE)


@st.composite
def a_case(draw, state=State.PUBLISHED):
    """Give a case with its report and importer whose every foreign text is hostile."""
    told = [draw(HOSTILE) for _ in range(14)]
    line = "".join(draw(HOSTILE).splitlines())
    verdict = Verdict(conclusion=Conclusion.FAILURE, why=told[0])
    first = Attempt(number=1, agent=told[1], diagnosis=told[2], refusals=(told[3], told[4]))
    second = Attempt(
        number=2,
        agent=told[5],
        diagnosis=told[6],
        changes=(told[7], told[8]),
        diff=DIFF.format(line, line),
        head_sha="b" * 40,
        run=make_run(run_id=7002, mode=GateMode.VERIFY, attempt=2, url=RUN),
        verdict=verdict,
    )
    failure = make_failure(message=told[9], file=told[10] or "x.rb", exception=told[11])
    case = make_case(
        state=state,
        reason=Reason.ATTEMPTS_SPENT if state is State.NEEDS_ENGINEER else None,
        reason_text=told[12],
        summary=told[13],
        hint=told[1],
        branch="heal/UTIL-101",
        attempts=(first, second),
        diagnosis=Diagnosis(run=make_run(), verdict=verdict, failure=failure),
    )
    report = make_report(
        sha="b" * 40, unfenced=told[2], checks=(Check(name=told[3] or "x", passed=True, detail=told[4]),)
    )
    return case, make_importer(title=told[5], owner=told[6]), report


def acts(shown: str) -> list[str]:
    """Give what would act in a text that a reader sees outside code."""
    found = [one.group() for pattern in (MENTION, ADDRESS, CLOSING, REFERENCE) for one in pattern.finditer(shown)]
    return found + [hex(ord(c)) for c in shown if unicodedata.category(c) in {"Cc", "Cf", "Cs"} and c != "\n"]


def inline(text: str):
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    blocks = parser.parse(text)
    return blocks, [child for token in blocks if token.type == "inline" for child in token.children or ()]


def judge_markdown(text: str, headings: int) -> None:
    """Hold a text against what GitHub would make of it."""
    blocks, tokens = inline(text)
    assert [
        token.type
        for token in (*blocks, *tokens)
        if token.type in {"html_block", "html_inline", "image", "fence", "code_block"}
    ] == []
    assert {str(token.attrGet("href")) for token in tokens if token.type == "link_open"} <= PLACES
    assert sum(token.type == "heading_open" for token in blocks) == headings
    for token in tokens:
        if token.type in {"text", "text_special", "code_inline"}:
            assert acts(token.content) == []
    for block in blocks:  # what an escape parts is one text again
        parts = (t.content if t.type in {"text", "text_special"} else "\n" for t in block.children or ())
        assert acts("".join(parts)) == []


class Page(HTMLParser):
    """What a browser would find: tags, addresses, visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.places, self.text = set[str](), set[str](), ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        """Keep a tag and where it leads."""
        self.tags.add(tag)
        self.text += "\n"
        self.places |= {str(value) for name, value in attrs if name in {"href", "src", "data", "action"}}

    def handle_endtag(self, tag):
        """Part what stands in a tag from what follows."""
        self.text += "\n"

    def handle_data(self, data):
        """Keep a text."""
        self.text += data


def nodes(adf):
    yield adf
    for child in adf.get("content", ()):
        yield from nodes(child)


def judge_wiki(text: str) -> None:
    """Hold a text against what JIRA would make of it, on Data Center and on Cloud."""
    page = Page(str(to_html(text)))
    assert page.places <= PLACES
    assert page.tags.isdisjoint({"img", "script", "iframe", "section", "pre", "blockquote", "header", "form", "object"})
    assert acts(page.text) == []
    found = list(nodes(wiki_to_adf(text)))
    assert {node["type"] for node in found}.isdisjoint(
        {"mention", "media", "mediaSingle", "codeBlock", "panel", "extension", "inlineCard"}
    )
    marks = [mark for node in found for mark in node.get("marks", ())]
    assert {mark["attrs"]["href"] for mark in marks if mark["type"] == "link"} <= PLACES
    raw = re.sub(r"\\[^\w\s]", "", text)
    assert re.findall(r"\{(?!\{)(?<!\{\{)[^}]*\}(?!\})", raw) == []
    assert {one.rpartition("|")[2] for one in re.findall(r"\[([^\]]*)\]", raw)} <= PLACES
    assert "!" not in raw
    assert "[~" not in raw


@given(a_case())
def test_nothing_in_a_pull_request_acts_whatever_agent_page_and_gate_have_said(given_one):
    """No mention, closing word, reference, foreign link, image, HTML, fence, heading or reordering of theirs is in the whole body."""
    case, importer, report = given_one
    judge_markdown(body(case, importer, report, ADDRESSES), headings=4)


@given(a_case(State.NEEDS_ENGINEER), HOSTILE)
def test_nothing_in_a_ticket_acts_whatever_agent_page_and_gate_have_said(given_one, account):
    """No mention, macro, foreign link, image or reordering of theirs is in the whole comment, what was missed included."""
    case, importer, _ = given_one
    events = (link(None, NOW, "pending", {"what": account}),)
    row = backfill.Missed(account="a" * 32, period_start=None, period_end=date(2026, 10, 31), basis="shown")
    missed = backfill.Backfill(case=case.id, importer=case.importer, since=NOW, until=NOW, rows=(row,))
    text = comment(case, importer, ADDRESSES, events) + "\n" + backfill.words(missed, f"{OURS}/backfill")
    judge_wiki(text)


@given(a_case(State.NEEDS_ENGINEER))
def test_nothing_in_an_explanation_acts_in_either_place(given_one):
    """What `explain` answers on a pull request or a ticket is as harmless."""
    case, importer, _ = given_one
    judge_markdown(explain(case, (), importer, style=prose.MARKDOWN), headings=1)
    judge_wiki(explain(case, (), importer, style=prose.WIKI))
