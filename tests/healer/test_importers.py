"""Rules of the registry of importers."""

import pytest

from healer.errors import Misconfigured
from healer.importers import parse

GOOD = """
[importers.brightwater]
title = "Brightwater"
url = "https://my.brightwater.example/portal"
hosts = ["my.brightwater.example"]
credentials = ["brightwater-main"]
component = "importer-brightwater"
owner = "water-team"
paths = ["lib/gatherers/brightwater.rb"]
"""


def test_entry_becomes_an_importer_with_defaults() -> None:
    """An entry is read with the documented defaults; an unknown name is None."""
    registry = parse(GOOD)
    entry = registry.get("brightwater")
    assert entry is not None
    assert (entry.min_bills, entry.login_ceiling, entry.autonomy, entry.name) == (1, 6, "pull_request", "brightwater")
    assert registry.get("elsewhere") is None
    assert [importer.name for importer in registry] == ["brightwater"]


def test_broken_entry_is_named_and_harms_no_other() -> None:
    """A broken entry is told with its name and field when it is asked for; the others stay usable."""
    registry = parse(GOOD + '\n[importers.other]\ntitle = "Other"\nurl = "ftp://x"\n[importers."Bad Name"]\n')
    assert registry.get("brightwater")
    with pytest.raises(Misconfigured, match=r"importers\.other.*url.*hosts"):
        registry.get("other")
    with pytest.raises(Misconfigured, match="Bad Name"):
        registry.get("Bad Name")


@pytest.mark.parametrize("text", ["", "importers = 1", "[importers]", "not toml", "[other]\nx = 1"])
def test_text_without_an_importer_is_refused(text: str) -> None:
    """A registry that names nobody is an error, not an empty registry."""
    with pytest.raises(Misconfigured, match=r"importers\.toml"):
        parse(text)


def test_unknown_member_is_refused() -> None:
    """A misspelt member does not pass unseen."""
    with pytest.raises(Misconfigured, match="pathes"):
        parse(GOOD + 'pathes = ["x"]').get("brightwater")


def test_portal_origin_replaces_origin_and_hosts() -> None:
    """A staging origin takes the place of scheme, host and port; the path stays."""
    entry = parse(GOOD, "http://127.0.0.1:8099").get("brightwater")
    assert entry is not None
    assert (entry.url, entry.hosts) == ("http://127.0.0.1:8099/portal", ("127.0.0.1:8099",))
