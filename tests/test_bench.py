"""The figures that the README shows."""

import json

from bench import seeds, table


def test_the_readme_shows_the_figures_that_were_measured():
    """What stands between the marks is what the results make; `python -m bench.table` writes it."""
    assert table.shown() in table.README.read_text()


def test_a_healing_is_plotted_by_phase(tmp_path, monkeypatch):
    """Each phase has its bar, under a scale that holds the longest."""
    found = {"cases": 2, "phases_s": {"admit": {"p50": 0.8}, "agent and guard": {"p50": 2.25}}}
    (tmp_path / "journey.json").write_text(json.dumps(found))
    monkeypatch.setattr(table, "RESULTS", tmp_path)
    lines = [line.strip() for line in table.plot().splitlines()]
    assert {'x-axis ["admit", "agent and guard"]', 'y-axis "seconds" 0 --> 3', "bar [0.80, 2.25]"} <= set(lines)


def test_every_result_is_shown():
    """No file of results is left out of the table."""
    stems = {path.stem for path in table.RESULTS.glob("*.json")}
    assert stems <= set(table._MAKERS)
    assert len(list(table.rows())) >= len(stems)


def test_a_seeded_history_is_as_long_and_as_wide_as_asked(tmp_path):
    """The repository of the scale bench has its commits, its files and its registry entries."""
    size = seeds.Size(open_cases=0, importers=40, replay_ids=0, files=20, commits=60)
    folder = seeds.importers(tmp_path / "importers", size)
    assert seeds.git("rev-list", "--count", "main", cwd=folder) == "61"
    assert len(list((folder / "data").rglob("*.rb"))) == 20
    assert (folder / "importers.toml").read_text().count("[importers.") == 40
