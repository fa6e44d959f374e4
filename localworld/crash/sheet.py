"""The sheet of outcomes: a file that is whole after each cell, and the matrix printed from it."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from localworld.crash.driver import Outcome


class Sheet:
    """`{"ok", "about", "cells": {NAME: {"ok", "seconds", "case", "broken", "times", "at"}}}`."""

    def __init__(self, path: Path, *, fresh: bool = False, about: Mapping[str, Any] | None = None) -> None:
        self._path, self._about = path, dict(about or {})
        known = path.exists() and not fresh
        self._cells: dict[str, dict[str, Any]] = json.loads(path.read_text())["cells"] if known else {}

    @property
    def ok(self) -> bool:
        """Tell whether something was played and everything holds."""
        return bool(self._cells) and all(cell["ok"] for cell in self._cells.values())

    def holds(self, name: str) -> bool:
        """Tell whether a cell was played and holds."""
        return bool(self._cells.get(name, {}).get("ok"))

    def write(self, outcome: Outcome) -> None:
        """Note an outcome, so that a kill leaves the old or the new sheet. Of a soak, one failure of a cell is not outplayed."""
        before = self._cells.get(outcome.name, {"times": 0, "ok": True})
        row = {name: value for name, value in asdict(outcome).items() if name != "name"}
        row |= {"ok": outcome.ok and (before["ok"] or not self._about), "times": before["times"] + 1}
        row |= {"broken": outcome.broken or (before.get("broken", []) if not row["ok"] else [])}
        self._cells[outcome.name] = {**row, "at": datetime.now(UTC).isoformat(timespec="seconds")}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        document = {"ok": self.ok, "about": self._about, "cells": self._cells}
        draft.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        draft.replace(self._path)

    def table(self) -> Table:
        """Give the matrix: a row for each step and side, its faults with seconds, or FAILS."""
        rows: defaultdict[str, list[str]] = defaultdict(list)
        for name, cell in self._cells.items():
            *place, fault = name.split(" / ")
            said = f"{cell['seconds']:.0f} s" if cell["ok"] else "[red]FAILS[/]"
            rows[" / ".join(place)].append(f"{fault} {said}")
        held = sum(cell["ok"] for cell in self._cells.values())
        table = Table("step", "faults", title=f"Crash matrix: {held} of {len(self._cells)} cells hold")
        for place_name, faults in rows.items():
            table.add_row(place_name, "; ".join(faults))
        return table
