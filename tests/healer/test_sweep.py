"""Rules of the sweep: which tickets nobody delivered, and the delivery that stands for the missing one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import NOW, make_importer, make_ticket
from healer.intake import AdmissionPolicy
from healer.sweep import Finding, delivery, finding, query

POLICY = AdmissionPolicy(project="UTIL", issue_types=("Bug", "Task"))
OURS = (make_importer(), make_importer(name="voltara", component="importer-voltara"))


def test_ticket_with_a_component_of_ours_is_found() -> None:
    """A ticket that would be admitted for one importer is about that importer."""
    assert finding(make_ticket(), OURS, POLICY) == Finding(ticket="UTIL-101", importer="brightwater")


@pytest.mark.parametrize(
    "fields",
    [
        {"components": ("billing",)},
        {"components": ()},
        {"issue_type": "Epic"},
        {"status_category": "done"},
        {"status_category": "undefined"},
        {"project": "OPS"},
    ],
)
def test_what_would_not_be_admitted_is_not_found(fields) -> None:
    """A ticket that intake would turn away opens no case, and is no finding either: it is none of ours."""
    assert finding(make_ticket(**fields), OURS, POLICY) is None


def test_two_importers_are_a_persons_choice() -> None:
    """Where a ticket names two importers nothing is guessed; the finding says which."""
    found = finding(make_ticket(components=("importer-brightwater", "importer-voltara")), OURS, POLICY)
    assert found
    assert (found.importer, found.why) == (
        None,
        "it has the components of several importers: brightwater, voltara",
    )


@given(st.integers(1, 10**6), st.sampled_from(["brightwater", "a" * 40]))
def test_a_ticket_has_one_delivery(number: int, importer: str) -> None:
    """However often a ticket is swept, its delivery is the same one, so that intake knows it again."""
    first, second = (delivery(f"UTIL-{number}", importer, NOW) for _ in range(2))
    assert (first, first.ticket, first.importer) == (second, f"UTIL-{number}", importer)


def test_query_leaves_workato_its_time() -> None:
    """Only open tickets are asked for, within the window, and none that Workato may still deliver."""
    text = query("UTIL", 72, 10)
    assert "statusCategory != Done" in text
    assert "updated >= -72h AND updated <= -10m" in text
