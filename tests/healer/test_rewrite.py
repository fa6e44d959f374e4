"""Edits of one literal in Ruby."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healer import ruby
from healer.rewrite import replace

SOURCE = """# frozen_string_literal: true

class Meadowlark < Gatherer
  ROWS = "table#inv tr.row"

  def bill(row)
    # td.amount is the last one
    money(at!(row, "td.amount"))
    date(at!(row, 'td.due'), "%d.%m.%Y")
    text(at!(row, %q(td.acc)))
    at!(row, "td.#{kind}")
    find(
      row,
      "td.usage"
    )
    [at!(row, "td.twice"), at!(row, "td.twice")]
    all!(page, ROWS)
  end
end
"""


def changed(edited):
    """Give the lines that differ, as pairs."""
    pairs = zip(SOURCE.splitlines(), edited.splitlines(), strict=True)
    return [(before.strip(), after.strip()) for before, after in pairs if before != after]


@pytest.mark.parametrize(
    ("line", "old", "new", "written"),
    [
        (8, "td.amount", "td.sum", 'money(at!(row, "td.sum"))'),
        (9, "td.due", "td.pay-by", "date(at!(row, 'td.pay-by'), \"%d.%m.%Y\")"),
        (10, "td.acc", "dd.acc", "text(at!(row, %q(dd.acc)))"),
        (12, "td.usage", "td.use", '"td.use"'),
        (17, "table#inv tr.row", "article.item", 'ROWS = "article.item"'),
        (8, "td.amount", 'dt:contains("Amount due") + dd', "money(at!(row, \"dt:contains('Amount due') + dd\"))"),
        (9, "td.due", "dt:contains('Due') + dd", "date(at!(row, 'dt:contains(\\'Due\\') + dd'), \"%d.%m.%Y\")"),
    ],
)
def test_only_the_literal_changes_and_its_quotes_stay(line, old, new, written):
    """One literal is replaced in the quotes in which it stands, at its line, in its call, or where it is the only one."""
    assert [after for _, after in changed(replace(SOURCE, line, old, new))] == [written]


@pytest.mark.parametrize(
    ("line", "old"),
    [
        (16, "td.twice"),  # twice on the line
        (11, "td.kind"),  # interpolated
        (8, "td.nowhere"),
        (7, "td.amount is the last one"),  # a comment
        (3, "Meadowlark"),  # no string
    ],
)
def test_what_does_not_stand_exactly_once_written_out_is_refused(line, old):
    """A literal that is absent, doubled, interpolated or no string at all gives None."""
    assert replace(SOURCE, line, old, "x") is None


def test_a_literal_elsewhere_is_found_where_lines_have_moved():
    """A literal that is no longer on its line is found where it is the only one of the file."""
    assert replace("# new\n" * 3 + SOURCE, 8, "td.amount", "td.sum") is not None


def test_source_that_is_no_ruby_is_refused():
    """A source that does not parse is not edited."""
    assert replace('def broken(\n  "td.amount"', 2, "td.amount", "x") is None


@given(st.text(max_size=40))
def test_whatever_is_written_is_one_literal_that_says_it(text):
    """Any text is written so that Ruby reads that text (up to the kind of quotes), or not at all: it never becomes code."""
    for line, old in ((8, "td.amount"), (9, "td.due"), (10, "td.acc")):
        edited = replace(SOURCE, line, old, text)
        if edited is not None:
            kinds = [[node.type for node in ruby.nodes(ruby.parse(source))] for source in (SOURCE, edited)]
            assert [kind for kind in kinds[0] if not kind.startswith(("string_c", "escape"))] == [
                kind for kind in kinds[1] if not kind.startswith(("string_c", "escape"))
            ]
