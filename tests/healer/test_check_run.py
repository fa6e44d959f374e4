"""What a commit says about its gate run, where branch protection can require it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import make_failure, make_report, make_run
from healer import check_run
from healer.contracts import Check, Conclusion, Verdict

RUN = make_run(sha="b" * 40)


def shown(conclusion, report=None, why="why"):
    return check_run.of(Verdict(conclusion=conclusion, why=why), report, RUN)


@pytest.mark.parametrize("conclusion", Conclusion)
def test_only_a_success_passes_a_branch_protection(conclusion):
    """GitHub lets `success`, `neutral` and `skipped` pass a required check; of ours only a verified head may."""
    passes = shown(conclusion).conclusion in {"success", "neutral", "skipped"}
    assert passes is (conclusion is Conclusion.SUCCESS)


@pytest.mark.parametrize(
    ("conclusion", "shows"),
    [
        (Conclusion.FAILURE, "failure"),
        (Conclusion.TIMED_OUT, "timed_out"),
        (Conclusion.CANCELLED, "cancelled"),
        (Conclusion.ERROR, "action_required"),
        (Conclusion.NEUTRAL, "action_required"),
    ],
)
def test_each_verdict_has_its_own_conclusion(conclusion, shows):
    """A timeout and a cancellation are shown as what they are; what was not judged asks for a look."""
    assert shown(conclusion).conclusion == shows


def test_what_was_not_judged_blames_nobody_and_believes_no_report():
    """An `error` asks for a look; of a report that was not believed nothing is told, neither checks nor places."""
    report = make_report(checks=(Check(name="exit_code", passed=True),), bills=3)
    found = shown(Conclusion.ERROR, report, "the report says success, GitHub says failure")
    assert (found.conclusion, found.annotations) == ("action_required", ())
    assert "exit_code" not in found.summary
    assert "GitHub says failure" in found.summary


def test_it_is_about_one_run_of_one_commit():
    """Name, commit and mark are those of the gate run; the name is the one that people require."""
    found = shown(Conclusion.SUCCESS, make_report())
    assert (found.name, found.head_sha, found.mark) == ("importer-healer / rake fetch", "b" * 40, "7001:1")
    assert found.url == RUN.url


def test_the_failing_line_is_remarked_on():
    """A failure with a place in the repository puts a remark on that line; what is no path inside it does not."""
    [remark] = shown(Conclusion.FAILURE, make_report()).annotations
    assert (remark.path, remark.line, remark.title) == ("lib/gatherers/brightwater.rb", 21, "source_changed")
    for file in ("/etc/passwd", "../x.rb", "a b.rb", None):
        assert not shown(Conclusion.FAILURE, make_report(failure=make_failure(file=file))).annotations


def test_what_does_not_hold_comes_first():
    """The checks that do not hold stand above those that do."""
    checks = (Check(name="one", passed=True), Check(name="two", passed=False, detail="exit 3"))
    page = shown(Conclusion.FAILURE, make_report(checks=checks)).summary
    assert page.index("`two`") < page.index("`one`")


@given(st.text("`<[]!|\n #@*ab", max_size=40) | st.text(max_size=40))
def test_foreign_text_is_no_markup(text):
    """What a scraper or portal wrote opens no link, image, mention or table row of ours."""
    report = make_report(failure=make_failure(message=text), checks=(Check(name="c", passed=False, detail=text),))
    plain = shown(Conclusion.FAILURE, make_report(checks=(Check(name="c", passed=False),)), "x").summary
    page = shown(Conclusion.FAILURE, report, text).summary
    assert page.count("\n") == plain.count("\n")
    assert "@" not in page
    assert page.replace("\\|", "").count("|") == plain.count("|")
