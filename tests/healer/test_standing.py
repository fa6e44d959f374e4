"""Whether a selector that still finds something is believed, on pages made for it."""

import pytest

from healer.relocate import relocate

FACTS = "<body><h1>Bill</h1><p>Thank you for your custom</p><div class='{0}'><span class='k'>{1}</span> <b class='v'>{2}</b></div></body>"


@pytest.mark.parametrize("name", ["Cedar Grove", "Alder Heath"])
def test_a_selector_that_still_finds_the_labelled_thing_is_left_alone(name):
    """Another month's name under the same label is the same thing, though no word of the value is the same."""
    old, new = FACTS.format("who", "Account holder", "Pine Ridge"), FACTS.format("box", "Account holder", name)
    answer = relocate(old, "b.v", new)
    assert answer is not None
    assert (answer.selector, answer.kept) == ("b.v", True)


def test_a_counting_selector_that_finds_another_label_is_not_believed():
    """The place is the same, the label another: what was there is gone."""
    rows = "<body><h1>Bill</h1><table><tr><th>{0}</th><td>{1}</td></tr></table></body>"
    assert relocate(rows.format("Meter", "51 gal"), "td:nth-child(2)", rows.format("Issued", "01/02/2026")) is None


def test_nothing_is_answered_where_a_page_newly_asks_for_a_password():
    """However much of the old page's words such a page repeats, it is a login."""
    old = FACTS.format("who", "Account holder", "Pine Ridge")
    login = old.replace("</body>", "<form><input name='user'><input type='password' name='pass'></form></body>")
    assert relocate(old, "b.v", login) is None
