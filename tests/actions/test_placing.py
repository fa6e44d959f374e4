"""Where a silent wrong is shown: the line of the field that is wrong."""

import pytest

from actions.placing import line_of, placed
from factories import make_importer
from healer.contracts import Check, FailureClass
from healer.trace import failure_of_check

SOURCE = """class Tiny
  def gather
    Bill.new(account: text(a),
             period_end: to,
             amount: money(b),
             meter_reading: reading(c))
  end
end
"""


@pytest.mark.parametrize(
    ("name", "detail", "line"),
    [
        ("amount_in_pdf", "broken in 1 bills, first in number 1", 5),
        ("account_known", "", 3),
        ("period_sane", "", 4),
        ("follows_the_pages", "did not change with the pages: reading", 6),
        ("follows_the_pages", "did not change with the pages: amount, pdf", 5),
        ("pdf_is_new", "", 2),
        ("not_in_diff", "", 2),
        ("hosts_allowed", "asked for collector.example", 2),
    ],
)
def test_a_check_names_its_field(name, detail, line):
    """The line that builds the field, else the method that fetches."""
    assert line_of(SOURCE, Check(name=name, passed=False, detail=detail)) == line


def test_where_nothing_is_found_nothing_is_said(tmp_path):
    """A source without the method, an absent one, and a link give no place; a place that the importer told is kept."""
    importer, checks = make_importer(), (Check(name="not_in_diff", passed=False),)
    failure = failure_of_check(FailureClass.SILENT_WRONG, "not_in_diff", "-", importer.name)
    assert line_of("puts 1\n", checks[0]) is None
    assert placed(failure, checks, importer, tmp_path) == failure
    path = tmp_path / importer.paths[0]
    path.parent.mkdir(parents=True)
    (tmp_path / "elsewhere").write_text(SOURCE)
    path.symlink_to(tmp_path / "elsewhere")
    assert placed(failure, checks, importer, tmp_path) == failure
    path.unlink()
    path.write_text(SOURCE)
    assert placed(failure, checks, importer, tmp_path).line == 2
    told = failure.model_copy(update={"file": "lib/a.rb", "line": 9})
    assert placed(told, checks, importer, tmp_path) == told
    assert placed(None, (), importer, tmp_path) is None
