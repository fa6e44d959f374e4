"""The lines by which a step speaks to its runner."""

import base64
import re
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from actions.commands import command, masks

values = st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=30)


def undone(data):
    return data.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")


@given(name=st.sampled_from(["error", "notice", "add-mask"]), message=values, title=values)
def test_a_command_is_one_line_and_loses_nothing(name, message, title):
    """Whatever message and property hold, the command stays one line, and the runner reads back what was meant."""
    line = command(name, message, title=title)
    assert not {"\r", "\n"} & set(line)
    read = re.fullmatch(r"::([a-z-]+) title=([^:,]*)::(.*)", line, re.DOTALL)
    assert read
    assert read[1] == name
    assert undone(read[3]) == message
    assert undone(read[2].replace("%3A", ":").replace("%2C", ",")) == title


def test_a_property_that_is_absent_is_left_out():
    """A command names only what it knows."""
    assert command("error", "x", file=None, line=None) == "::error::x"
    assert command("error", "x", file="a.rb", line=3) == "::error file=a.rb,line=3::x"


@given(secret=values, before=st.binary(max_size=5), after=st.binary(max_size=5))
def test_base64_of_a_value_is_masked_wherever_it_stands(secret, before, after):
    """In base64 of a longer text, at any offset, one of the masks covers the value's own characters."""
    masked = [undone(line.removeprefix("::add-mask::")) for line in masks(secret)]
    coded = base64.b64encode(before + secret.encode() + after).decode()
    assert any(form in coded for form in masked if len(form) >= len(secret.encode()) * 8 // 6 - 1)


def test_url_json_xml_and_single_lines_are_masked():
    """A value is masked as URL, JSON and XML write it, and each of its lines by itself."""
    masked = [undone(line.removeprefix("::add-mask::")) for line in masks('pa ss<"&\nword2')]
    assert {'pa ss<"&\nword2', 'pa ss<"&', "word2", r"pa ss<\"&\nword2", "pa ss&lt;&quot;&amp;"} <= set(masked)
    assert any(unquote(form) == 'pa ss<"&\nword2' and "<" not in form for form in masked)


def test_what_is_too_short_is_not_masked():
    """A value under four characters would black out the log."""
    assert list(masks("abc")) == []
