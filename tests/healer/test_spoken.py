"""What people's comments command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healer.commands import Command
from healer.contracts import Comment
from healer.spoken import Spoken, is_addressed, read


@pytest.mark.parametrize(
    ("comment", "command"),
    [
        ("/healer stop", Spoken(name="stop")),
        ("  /healer   stop  it is rebuilt \nthanks", Spoken(name="stop", text="it is rebuilt")),
        ("/healer retry the login moved", Spoken(name="retry", text="the login moved")),
        ("/healer take", Spoken(name="take")),
        ("/healer release\r\n", Spoken(name="release")),
        ("/healer explain", Spoken(name="explain")),
        ("/healer budget +3", Spoken(name="budget", attempts=3)),
        ("/healer budget 10", Spoken(name="budget", attempts=10)),
    ],
)
def test_first_line_commands(comment: str, command: Spoken) -> None:
    """The first line that is written holds the command and what goes with it."""
    assert read(comment) == command
    assert is_addressed(comment)


@pytest.mark.parametrize(
    "comment",
    [
        "/healer",
        "/healer dance",
        "/healer budget",
        "/healer budget 11",
        "/healer budget +0",
        "/healer take it",
        "/healer STOP",
    ],
)
def test_what_cannot_be_understood_is_addressed_all_the_same(comment: str) -> None:
    """Somebody who spoke to the healer gets an answer, though no command was understood."""
    assert read(comment) is None
    assert is_addressed(comment)


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "stop",
        "> /healer stop",
        "I would /healer stop",
        "\n\nlook\n/healer stop",
        "/healerstop",
        "`/healer stop`",
        "/Healer stop",
    ],
)
def test_other_comments_are_not_for_us(comment: str) -> None:
    """Quotations, later lines and talk about the healer command nothing."""
    assert read(comment) is None
    assert not is_addressed(comment)


@given(st.text(max_size=200))
def test_no_comment_crashes(comment: str) -> None:
    """Any text is read; what is understood was addressed to us, and what it carries is short."""
    said = read(comment)
    assert said is None or is_addressed(comment)
    assert said is None or len(said.text) <= 500


def test_order_keeps_who_and_where() -> None:
    """An order carries the author and the comment."""
    said = Comment(ref="ticket:77", place="UTIL-101", author="5f1", name="Alice", text="/healer budget +2")
    order = Spoken(name="budget", attempts=2).order(said)
    assert (order.command, order.by, order.name, order.comment) == (Command.BUDGET, "5f1", "Alice", "ticket:77")
    assert order.attempts == 2
