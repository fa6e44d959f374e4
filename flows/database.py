"""A migrated database for the Prefect server before it starts: migrating an empty one is half of a first start."""

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Final

import prefect
from prefect.server.database import provide_database_interface
from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.settings import get_current_settings

_BUSY_MS: Final = 2000


def wait_briefly() -> None:
    """Have a SQLite connection wait for its turn to write no longer than two seconds, where Prefect would let it wait sixty.

    A writer that needs a second connection waits for one that in turn waits for the writer. All stand still until somebody
    gives up; what gives up is tried again.
    """
    configure = AioSqliteConfiguration.setup_sqlite

    def configure_and_shorten(self: AioSqliteConfiguration, connection: Any, record: Any) -> None:
        configure(self, connection, record)
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_MS};")
        cursor.close()

    AioSqliteConfiguration.setup_sqlite = configure_and_shorten  # type: ignore[method-assign,assignment]


def prepare(template: Path | None = None) -> None:
    """Have a migrated SQLite database, from the template where there is one; leave a template behind where there is none.

    The template belongs to one version of Prefect, whose name its default path carries. Other databases than SQLite, and one that
    is there already, are left to the server's own start.
    """
    kept = template or Path.home() / ".cache" / "importer-healer" / f"prefect-{prefect.__version__}.db"
    database = _sqlite_file()
    if database is None or database.exists():
        return
    database.parent.mkdir(parents=True, exist_ok=True)
    if kept.exists():
        shutil.copyfile(kept, database)
        return
    asyncio.run(provide_database_interface().create_db())
    _keep(database, kept)


def _sqlite_file() -> Path | None:
    url = get_current_settings().server.database.connection_url
    address = url.get_secret_value() if url else ""
    path = Path(address.partition("///")[2])
    return path if address.startswith("sqlite") and path.is_absolute() else None


def _keep(database: Path, template: Path) -> None:
    """Copy a fresh database; renaming makes it appear whole or not at all, also where two servers start at once."""
    half = template.with_suffix(f".{os.getpid()}")
    try:
        template.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(half)) as target:
            source.backup(target)
        half.replace(template)
    except (OSError, sqlite3.Error):
        # A home that cannot be written costs time at the next first start, nothing else.
        with suppress(OSError):
            half.unlink()
