"""Mending: from two traces and a source to edits, for one made-up importer."""

from pathlib import Path

import pytest

from factories import make_failure, make_importer
from healer.contracts import Brief, Lookup, Trace, TraceStep
from healer.mender import mend

PAGES = Path(__file__).with_name("pages")
FILE = "lib/gatherers/meadowlark.rb"
SOURCE = """class Meadowlark < Gatherer
  def gather
    form = form!(get("login"), "form#loginForm")
    field!(form, "usr").value = username
    field!(form, "pwd").value = password
    page = follow(link!(submit(form), "My invoices"))
    account = text(at!(page, "#custno"))
    all!(page, "#inv tr.row").map { |row| bill(row, account) }
  end

  def bill(row, account)
    Bill.new(
      account: account,
      period: text(at!(row, "td.c2")),
      amount: money(at!(row, "td.c4")),
      due_date: date(at!(row, 'td.c5'), "%m/%d/%Y"),
      pdf: save_pdf(at!(row, "a.dl")["href"])
    )
  end
end
"""


def page(name):
    return (PAGES / name).read_text(encoding="utf-8")


def look(selector, line, found=1, **how):
    return Lookup(**{"selector": selector, "kind": "css", "found": found, "file": FILE, "line": line, **how})


LOGIN = (look("form#loginForm", 3, kind="form"), look("usr", 4, kind="field"), look("pwd", 5, kind="field"))
BILLS = (
    look("#custno", 7),
    look("#inv tr.row", 8, 3, many=True),
    *(look(selector, line) for selector, line in (("td.c2", 14), ("td.c4", 15), ("td.c5", 16), ("a.dl", 17))),
)


def step(number, path, name, lookups=()):
    return TraceStep(
        number=number,
        method="GET",
        url=f"https://m.example{path}",
        status=200,
        page=f"{number:03d}.html",
        lookups=lookups,
    )


def trace(*steps, pages):
    return Trace(
        importer="brightwater", steps=steps, pages={f"{number:03d}.html": page(name) for number, name in pages.items()}
    )


GOOD = trace(
    step(1, "/login", "", LOGIN), step(3, "/invoices", "", BILLS), pages={1: "login_old.html", 3: "bills_old.html"}
)  # fmt: skip


def brief(now, **fields):
    failure = make_failure(
        **{"step": now.steps[-1].number, "selector": None, "file": FILE, "line": None, **fields.pop("failure", {})}
    )
    importer = make_importer(paths=(FILE,))
    return Brief(
        **{
            "case": "UTIL-101", "attempt": 1, "importer": importer, "failure": failure, "now": now, "last_good": GOOD,
            "prompt_version": "1", **fields,
        }
    )  # fmt: skip


NEW_BILLS = trace(
    step(1, "/login", "", LOGIN), step(2, "/invoices", "", (look("#custno", 7, 0),)),
    pages={1: "login_old.html", 2: "bills_new.html"},
)  # fmt: skip


def test_all_lookups_of_a_redesigned_page_are_mended_at_once():
    """One attempt mends every lookup that the page will be asked, also those that the fetch did not come to."""
    edits, answer = mend(brief(NEW_BILLS), {FILE: SOURCE})
    assert answer.not_fixable_because is None
    assert len(answer.changes) == 6
    assert '"article.invoice-item"' in edits[FILE]
    assert "at!(row, 'p.invoice-item__pay')" in edits[FILE]
    assert "dt:contains('Customer no.') + dd" in edits[FILE]
    assert answer.confidence > 0.5


def test_nothing_but_literals_changes():
    """Line by line, the mended source differs in the lookups' literals only."""
    edits, _ = mend(brief(NEW_BILLS), {FILE: SOURCE})
    lines = [
        number
        for number, pair in enumerate(zip(SOURCE.splitlines(), edits[FILE].splitlines(), strict=True), 1)
        if pair[0] != pair[1]
    ]
    assert lines == [7, 8, 14, 15, 16, 17]


def test_a_field_is_sought_in_its_own_form():
    """A login form is mended with its fields."""
    now = trace(step(1, "/login", "", (look("form#loginForm", 3, 0, kind="form"),)), pages={1: "login_new.html"})
    edits, _ = mend(brief(now), {FILE: SOURCE})
    assert '"form.auth-form"' in edits[FILE]
    assert '"credentials[login]"' in edits[FILE]


def test_a_moved_address_pairs_by_the_lines_that_asked():
    """A page at another address pairs with the page that the same source lines asked before."""
    moved = NEW_BILLS.model_copy(
        update={
            "steps": (NEW_BILLS.steps[0], NEW_BILLS.steps[1].model_copy(update={"url": "https://m.example/v2/billing"}))
        }
    )
    assert mend(brief(moved), {FILE: SOURCE})[0]


@pytest.mark.parametrize(
    ("now", "fields", "why"),
    [
        (NEW_BILLS, {"last_good": None}, "no trace of a good fetch"),
        (trace(step(1, "/invoices", "", BILLS), pages={1: "bills_old.html"}), {}, "still finds what it found"),
        (trace(step(1, "/invoices", "", BILLS), pages={1: "maintenance.html"}), {}, "no counterpart"),
        (trace(step(1, "/invoices", "", BILLS), pages={1: "login_new.html"}), {}, "no counterpart"),
        (trace(step(1, "/x", "", ()), pages={}), {}, "no page"),
    ],
)
def test_what_cannot_be_mended_is_said_and_not_guessed(now, fields, why):
    """Without a good trace, a page, a difference or a counterpart there are no edits, and the answer says why."""
    edits, answer = mend(brief(now, **fields), {FILE: SOURCE})
    assert edits == {}
    assert why in answer.not_fixable_because


def test_a_page_that_asks_for_a_human_is_not_mended():
    """A request for a one-time code is named, and nothing is edited."""
    now = NEW_BILLS.model_copy(
        update={
            "pages": {**NEW_BILLS.pages, "002.html": '<form><input autocomplete="one-time-code" name="otp"></form>'}
        }
    )
    edits, answer = mend(brief(now), {FILE: SOURCE})
    assert edits == {}
    assert "second factor" in answer.not_fixable_because


def test_one_lookup_without_an_answer_stops_all_edits():
    """Where one of the page's lookups cannot be found again, the others are not edited either."""
    good = GOOD.model_copy(update={"steps": (GOOD.steps[0], step(3, "/invoices", "", (*BILLS, look("#late-fee", 18))))})
    good = good.model_copy(
        update={
            "pages": {
                **good.pages,
                "003.html": page("bills_old.html").replace("<h2>Pay", '<p id="late-fee">Late fee: $5.00</p><h2>Pay'),
            }
        }
    )
    edits, answer = mend(brief(NEW_BILLS, last_good=good), {FILE: SOURCE})
    assert edits == {}
    assert "#late-fee" in answer.not_fixable_because


def test_a_literal_that_is_made_up_at_run_time_is_left_to_a_person():
    """A selector that does not stand in the source is not mended."""
    edits, answer = mend(brief(NEW_BILLS), {FILE: SOURCE.replace('"#custno"', '"##{id}"')})
    assert edits == {}
    assert "written out" in answer.not_fixable_because


def test_an_answer_that_failed_is_not_given_again():
    """Where the fetch failed at the very selector that would be answered, the answer is that there is none."""
    failure = {"selector": "p.invoice-item__sum", "line": 15}
    edits, answer = mend(brief(NEW_BILLS, failure=failure), {FILE: SOURCE})
    assert edits == {}
    assert "tried already" in answer.not_fixable_because


def test_a_lookup_that_finds_the_wrong_thing_is_mended():
    """A selector that still finds something, where what it finds could not be read, is moved to the better element."""
    good_page = page("bill_old.html")
    new_page = (
        good_page.replace('id="v5">$84.10', 'id="v6b">$61.45')
        .replace("Late fee:", "Reference:")
        .replace('id="v6">$5.00', 'id="v5">see letter')
    )
    asked = (look("#v5", 9),)
    good = Trace(importer="brightwater", steps=(step(1, "/invoice", "", asked),), pages={"001.html": good_page})
    now = Trace(importer="brightwater", steps=(step(1, "/invoice", "", asked),), pages={"001.html": new_page})
    source = "class M\n" + "\n" * 7 + '  money(at!(page, "#v5"))\nend\n'
    edits, _ = mend(brief(now, last_good=good, failure={"selector": "#v5", "line": 9}), {FILE: source})
    assert "#v5" not in edits[FILE]
