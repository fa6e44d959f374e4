"""The migrated database that the server starts from."""

import sqlite3
import subprocess
import sys
from contextlib import closing

from flow_site import environment


def prepare(home, template) -> None:
    script = f"from pathlib import Path; from flows import database; database.prepare(Path({str(template)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(PREFECT_HOME=str(home)), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def tables(path) -> set[str]:
    with closing(sqlite3.connect(path)) as database:
        return {name for (name,) in database.execute("select name from sqlite_master where type = 'table'")}


def test_template_is_made_once_and_then_used(tmp_path):
    """The first start leaves a migrated template; a later one begins with it and never touches a database that is there."""
    template = tmp_path / "cache/template.db"
    prepare(tmp_path / "one", template)
    assert {"flow_run", "deployment", "alembic_version"} <= tables(template)
    with closing(sqlite3.connect(template)) as database:
        database.execute("create table mark (x)")
    prepare(tmp_path / "two", template)
    assert "mark" in tables(tmp_path / "two/prefect.db")
    prepare(tmp_path / "one", template)
    assert "mark" not in tables(tmp_path / "one/prefect.db")
