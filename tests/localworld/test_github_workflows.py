"""The one rewrite that stands between a committed gate and the gate that `act` runs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from github_site import ROOT
from localworld.github.workflows import for_act

SHA = "a" * 40
FILES = [*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob("actions/*/action.yml")]


def undone(text):
    return text.replace("acme/importer-healer/", "$/").replace(f"@{SHA}", "")


@pytest.mark.parametrize("file", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_rewrite_is_the_only_difference(file):
    """Of the committed files only the references to own actions change, and undoing that gives back every byte."""
    text = file.read_text()
    written = for_act(text, "acme/importer-healer", SHA)
    changed = [line for line, other in zip(text.splitlines(), written.splitlines(), strict=True) if line != other]
    assert undone(written) == text
    assert all(re.fullmatch(r"\s*(- )?uses: \$/\S+.*", line) for line in changed)


def test_own_actions_are_pinned_to_the_commit():
    """A reference to an own action names repository and commit, with what follows it on the line."""
    written = for_act("      - uses: $/actions/report # ours\n", "acme/gate", SHA)
    assert written == f"      - uses: acme/gate/actions/report@{SHA} # ours\n"


@given(st.text())
def test_text_without_own_actions_stays(text):
    """Text that refers to no own action is left alone."""
    kept = text.replace("$/", "")
    assert for_act(kept, "acme/gate", SHA) == kept
