"""Who is asked for a review."""

import pytest

from healer.reviewers import Reviewers, of

PATH = "lib/gatherers/brightwater.rb"


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*", PATH, True),
        ("*.rb", PATH, True),
        ("*.py", PATH, False),
        ("/lib/", PATH, True),
        ("lib/", PATH, True),
        ("gatherers/", PATH, True),
        ("/gatherers/", PATH, False),
        ("gatherers", PATH, True),
        ("/lib/gatherers", PATH, True),
        ("lib/*", PATH, False),
        ("/lib/gatherers/*", PATH, True),
        ("/lib/**/brightwater.rb", "lib/brightwater.rb", True),
        ("**/gatherers/", PATH, True),
        ("/lib/**", PATH, True),
        ("lib/gatherers/bright?ater.rb", PATH, True),
        ("brightwater", PATH, False),
    ],
)
def test_patterns_mean_what_github_says(pattern, path, matches):
    """Folders mean all in them, `*` stays within a folder unless it stands alone, a leading slash means the root."""
    assert of(f"{pattern} @alice", [path], "").people == (("alice",) if matches else ())


def test_last_line_that_matches_names_the_owners():
    """People and teams are told apart, each once, for all files; addresses and comments are nobody; an empty last line means none."""
    text = "* @nobody\n# @ghost\n/lib/ @alice @acme/keepers ann@acme.example # @ghost\n/spec/ @bob @alice\n"
    assert of(text, [PATH, "spec/x.rb"], "@carol") == Reviewers(people=("alice", "bob"), teams=("keepers",))
    assert of(f"{text}/lib/gatherers/\n", [PATH], "water-team") == Reviewers()


@pytest.mark.parametrize(
    ("owner", "asked"),
    [
        ("@carol", Reviewers(people=("carol",))),
        ("@acme/water", Reviewers(teams=("water",))),
        ("water-team", Reviewers()),
        ("@carol; rm -rf", Reviewers()),
    ],
)
def test_without_code_owners_the_importers_owner_is_asked(owner, asked):
    """Only a name that GitHub could know is asked."""
    assert of("", [PATH], owner) == asked
