"""How fast two pure deciders are, each beside its floor in the same run.

Relocation of all lookups of a page beside parsing both pages; the guard beside parsing both Ruby files.
`make bench-deciders`, or `python -m bench.deciders --rounds 3 --output FILE` for a quick look.
"""

import json
import statistics
import time
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Final

import lxml.html
import tree_sitter_ruby
import typer
from tree_sitter import Language, Parser

from bench import figures
from healer import guard
from healer.contracts import FileChange, Importer
from healer.relocate import relocate
from localworld.seed import CHECKOUT

_IMPORTERS: Final = CHECKOUT / "localworld/importers"
_PATH: Final = "lib/gatherers/brightwater.rb"
_EACH_S: Final = 0.5
_OLD, _NEW = 'id="bills"', 'id="statements"'


def _pages() -> tuple[str, str]:
    """Give a page of bills as it was, and as it is after a table was renamed."""
    recording = json.loads((_IMPORTERS / "recordings/brightwater.json").read_text())
    old: str = recording["pages"]["003.html"]
    return old, old.replace(_OLD, _NEW)


def _relocation() -> Callable[[], object]:
    old, new = _pages()
    return lambda: relocate(old, "table#bills tbody tr", new, many=True, trusted=False)


def _parse_pages() -> Callable[[], object]:
    old, new = _pages()
    return lambda: (lxml.html.document_fromstring(old), lxml.html.document_fromstring(new))


def _change() -> tuple[str, str]:
    old = (_IMPORTERS / _PATH).read_text()
    return old, old.replace("table#bills", "table#statements")


def _guard() -> Callable[[], object]:
    old, new = _change()
    entry = tomllib.loads((_IMPORTERS / "importers.toml").read_text())["importers"]["brightwater"]
    importer = Importer.model_validate_json(json.dumps({"name": "brightwater", **entry}))
    mode = {"old_mode": "100644", "new_mode": "100644"}
    change = FileChange(path=_PATH, status="modified", old_text=old, new_text=new, size=len(new), **mode)
    if guard.judge([change], importer):
        raise RuntimeError("the guard refuses the change that is measured")
    return lambda: guard.judge([change], importer)


def _parse_ruby() -> Callable[[], object]:
    texts = [text.encode() for text in _change()]
    parser = Parser(Language(tree_sitter_ruby.language()))
    return lambda: [parser.parse(text) for text in texts]


_SIDES: Final = {
    "relocation": (_relocation, _parse_pages, "lxml parses both pages"),
    "guard": (_guard, _parse_ruby, "tree-sitter parses both files"),
}


def _ms(work: Callable[[], object]) -> float:
    """Give the median time of one call in milliseconds, over half a second of calls."""
    taken: list[float] = []
    until = time.perf_counter() + _EACH_S
    while time.perf_counter() < until:
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def measure(rounds: int) -> dict[str, Any]:
    """Measure decider and floor in turns, so that what else the machine does meets both alike."""
    found: dict[str, Any] = {}
    for name, (make, make_floor, words) in _SIDES.items():
        work, floor = make(), make_floor()
        pairs = [(_ms(work), _ms(floor)) for _ in range(rounds)]
        mine, theirs = (round(statistics.median(column), 4) for column in zip(*pairs, strict=True))
        found[name] = {"ms": mine, "floor": words, "floor_ms": theirs, "of_floor": round(mine / theirs, 1)}
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": figures.hardware(),
        "versions": {name: version(name) for name in ("lxml", "cssselect", "tree-sitter", "tree-sitter-ruby")},
        **found,
    }


def main(
    rounds: Annotated[int, typer.Option(help="Rounds; the median counts.", min=1)] = 7,
    output: Annotated[Path, typer.Option(help="Where the figures go.")] = CHECKOUT / "bench/results/deciders.json",
) -> None:
    """Measure the deciders and write the figures."""
    found = measure(rounds)
    figures.write(output, found)
    for name in _SIDES:
        one = found[name]
        typer.echo(
            f"{name:11} {one['ms']:8.3f} ms   {one['floor']}: {one['floor_ms']:7.3f} ms   {one['of_floor']} times"
        )


if __name__ == "__main__":
    typer.run(main)
