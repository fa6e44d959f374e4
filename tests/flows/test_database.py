"""The migrated database that the server starts from."""

import sqlite3
from contextlib import closing

import pytest
from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, temporary_settings

from flows import database


def lay(path, *tables: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma journal_mode = wal")
        for table in tables:
            connection.execute(f"create table {table} (x)")


def tables(path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}


@pytest.fixture
def template(tmp_path):
    """Give a template that is told apart by its one table."""
    lay(tmp_path / "template.db", "mark")
    return tmp_path / "template.db"


def prepare(path, template) -> None:
    url = f"sqlite+aiosqlite:///{path}"
    with temporary_settings({PREFECT_API_DATABASE_CONNECTION_URL: url}):
        database.prepare(template)


def test_first_start_begins_with_the_template(tmp_path, template):
    """A database that is not there is the template's copy, in a folder that is made for it."""
    prepare(tmp_path / "home/prefect.db", template)
    assert tables(tmp_path / "home/prefect.db") == {"mark"}


def test_database_that_is_there_stays(tmp_path, template):
    """What a server has written is never replaced."""
    lay(tmp_path / "prefect.db", "own")
    prepare(tmp_path / "prefect.db", template)
    assert tables(tmp_path / "prefect.db") == {"own"}


def test_other_databases_are_left_to_the_server(template):
    """PostgreSQL has no file to copy."""
    with temporary_settings({PREFECT_API_DATABASE_CONNECTION_URL: "postgresql+asyncpg://nobody@127.0.0.1:9/x"}):
        database.prepare(template)


def test_template_is_kept_whole_or_not_at_all(tmp_path):
    """A fresh database becomes the template in one piece, write-ahead log included; where the place cannot be written, nothing is left."""
    lay(tmp_path / "fresh.db", "one", "two")
    database._keep(tmp_path / "fresh.db", tmp_path / "cache/kept.db")
    assert tables(tmp_path / "cache/kept.db") == {"one", "two"}
    (tmp_path / "file").write_text("")
    database._keep(tmp_path / "fresh.db", tmp_path / "file/kept.db")
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["kept.db"]
