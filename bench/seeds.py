"""What a world is seeded with for the scale bench: a ledger of open cases, remembered ids, a large registry, a long history."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from redis import Redis

from bench import worlds
from localworld.desk import Operator
from localworld.seed import git

_AT_ONCE: Final = 10_000
_MONTH_S: Final = 30 * 24 * 3600
_WHO: Final = "Acme Importers <importers@acme.example>"


class Size(NamedTuple):
    """How much there is of everything. `files` and `commits` are those of the repository beyond the example."""

    open_cases: int
    importers: int
    replay_ids: int
    files: int = 0
    commits: int = 0


def importers(folder: Path, size: Size) -> Path:
    """Lay an importers repository with so many entries in its registry, and with its history where one is asked for."""
    worlds.importers(folder)
    registry = folder / "importers.toml"
    known = registry.read_text()
    more = "".join(_entry(number) for number in range(size.importers - known.count("[importers.")))
    registry.write_text(known + more)
    if size.commits:
        _history(folder, size)
    return folder


def _entry(number: int) -> str:
    name = f"filler_{number}"
    return (
        f'\n[importers.{name}]\ntitle = "{name}"\nurl = "http://portal.invalid/{name}"\nhosts = ["portal.invalid"]\n'
        f'credentials = ["brightwater-main"]\ncomponent = "importer-{name}"\nowner = "nobody"\npaths = ["lib/gatherers/{name}.rb"]\n'
    )


def _history(folder: Path, size: Size) -> None:
    """Commit the folder, and on it so many commits over so many files, by `git fast-import`."""
    shutil.rmtree(folder / ".git", ignore_errors=True)
    git("init", "-q", "-b", "main", cwd=folder)
    git("add", "-A", "-f", ".", cwd=folder)
    git("commit", "-q", "-m", "Begin", cwd=folder)
    stream = "".join(_commit(number, size) for number in range(size.commits))
    subprocess.run(["git", "fast-import", "--quiet"], cwd=folder, input=stream.encode(), check=True)  # noqa: S607 - our own argv
    git("reset", "-q", "--hard", "main", cwd=folder)


def _commit(number: int, size: Size) -> str:
    """Give one commit: it writes a file of 2 KiB that changes with each round."""
    text = f"# {number}\n" + f"line of filler {number % 97}\n" * 100
    parent = "from refs/heads/main^0\n" if number == 0 else ""
    path = f"data/{number % size.files % 50}/{number % size.files}.rb"
    when = 1_700_000_000 + number
    head = f"commit refs/heads/main\ncommitter {_WHO} {when} +0000\ndata 6\nchange\n{parent}"
    return f"{head}M 100644 inline {path}\ndata {len(text)}\n{text}\n"


def ledger(operator: Operator, size: Size) -> None:
    """Write open cases and remembered ids into Redis as the product keeps them (SPEC, section 6)."""
    with Redis.from_url(operator.world.redis.url) as redis:
        for numbers in _parts(size.open_cases):
            _cases(redis, numbers)
        for numbers in _parts(size.replay_ids):
            with redis.pipeline(transaction=False) as writes:
                for number in numbers:
                    digest = hashlib.sha256(str(number).encode()).hexdigest()
                    writes.set(f"healer:delivery:wk_{digest[:32]}", digest, ex=_MONTH_S)
                writes.execute()


def _parts(many: int) -> Iterator[range]:
    """Cut 0 … many into parts that one pipeline takes."""
    return (range(first, min(first + _AT_ONCE, many)) for first in range(0, many, _AT_ONCE))


def _cases(redis: Redis, numbers: range) -> None:
    now = datetime.now(UTC)
    with redis.pipeline(transaction=False) as writes:
        for number in numbers:
            key, importer = f"UTIL-{100_000 + number}", f"filler_{number % 30}"
            moment = now.isoformat().replace("+00:00", "Z")
            case = {"id": key, "importer": importer, "state": "triaged", "opened_at": moment, "updated_at": moment}
            content = {"seq": 1, "at": moment, "kind": "received", "data": {}, "previous": "0" * 64}
            text = json.dumps(content, sort_keys=True, separators=(",", ":"))
            event = {**content, "hash": hashlib.sha256(text.encode()).hexdigest()}
            writes.set(f"healer:case:{key}", json.dumps(case))
            writes.rpush(f"healer:case:{key}:events", json.dumps(event))
            writes.zadd("healer:cases", {key: now.timestamp()})
            writes.sadd("healer:cases:open", key)
        writes.execute()
