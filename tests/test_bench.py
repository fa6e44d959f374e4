"""The figures that the README shows."""

from bench import seeds, table


def test_the_readme_shows_the_figures_that_were_measured():
    """The table between the marks is the one that the results make; `python -m bench.table` writes it."""
    assert table.table() in table.README.read_text()


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
