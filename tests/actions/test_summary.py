"""What a reviewer sees of a gate run."""

from hypothesis import given
from hypothesis import strategies as st

from actions.summary import annotation, markdown
from factories import make_failure, make_report
from healer.contracts import Check, Conclusion

foreign = st.text("`<[]!\n #|*ab", max_size=40) | st.text(max_size=40)


@given(foreign, foreign)
def test_foreign_text_stays_inside_code_spans(selector, detail):
    """What a portal or scraper wrote opens no link, image, heading or table of ours."""
    report = make_report(
        summary=detail,
        failure=make_failure(selector=selector or None),
        checks=(Check(name="c", passed=False, detail=detail),),
    )
    page = markdown(report)
    outside = "".join(page.split("`")[::2])
    assert page.count("`") % 2 == 0
    assert not {"<", "[", "]", "!"} & set(outside)


def test_a_red_run_names_what_does_not_hold_first():
    """The checks that fail come before those that hold."""
    checks = (Check(name="one", passed=True), Check(name="two", passed=False, detail="exit 3"))
    page = markdown(make_report(checks=checks))
    assert page.index("**does not hold:** two `exit 3`") < page.index("1 checks hold: one")
    assert page.startswith("### ❌ red: brightwater (diagnose)")


def test_a_reviewer_reads_the_outcome_first():
    """Headline, one sentence of what it means, what does not hold, where in the Ruby: in the first ten lines, whatever the importer."""
    for conclusion in Conclusion:
        head = markdown(make_report(conclusion=conclusion)).splitlines()[:10]
        assert head[0].startswith("### ")
        assert head[2].startswith("**")
    assert any("`lib/gatherers/brightwater.rb:21`" in line for line in markdown(make_report()).splitlines()[:10])


def test_an_error_is_not_called_red():
    """A gate that could not judge says so."""
    assert markdown(make_report(conclusion=Conclusion.ERROR, failure=None)).startswith("### ⚠️ not judged")


def test_an_annotation_points_into_the_repository_only():
    """A place outside the repository, or one that is no path, is left out of the annotation."""
    inside = annotation(make_report())
    assert inside.startswith("::error file=lib/gatherers/brightwater.rb,line=21,title=brightwater%3A diagnose::")
    for file in ("/etc/passwd", "../x.rb", "a b.rb", "a\n::error::x", None):
        assert "file=" not in annotation(make_report(failure=make_failure(file=file)))
    assert annotation(make_report(conclusion=Conclusion.SUCCESS, failure=None)).startswith("::notice ")
