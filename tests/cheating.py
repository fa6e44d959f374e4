"""Patches, tried: what the guard says about a change, and what the gate says about the same change without the guard."""

import json
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from factories import make_importer
from gate_runner import PASSWORD, Runner
from healer import guard, importers
from healer.contracts import Conclusion, FileChange, History, Importer
from localworld.portal.site import Login
from localworld.portal.utilities import UTILITIES

HERE = Path(__file__).parent
IMPORTERS = HERE.parent / "localworld/importers"
USERNAME = "mira.lindqvist@example.net"
LOGINS = {utility.name: Login(USERNAME, PASSWORD) for utility in UTILITIES}
MONTH_BEFORE, MONTH = "2026-10", "2026-11"
FETCH_S = 8


@dataclass(frozen=True)
class Tried:
    """A patch and who stopped it: the guard's codes, and of the gate alone the check or failure, empty where it was green."""

    name: str
    what: str
    honest: bool
    guard: tuple[str, ...]
    gate: str

    @property
    def accepted(self) -> bool:
        """Tell whether it would have become a pull request."""
        return not self.guard and not self.gate


@dataclass(frozen=True)
class Change:
    """A patch file: one sentence, an empty line, a unified diff."""

    path: Path

    @property
    def what(self) -> str:
        """Give the sentence."""
        return self.path.read_text().partition("\n")[0]

    @property
    def diff(self) -> str:
        """Give the diff."""
        return self.path.read_text().partition("\n\n")[2]

    @property
    def files(self) -> list[str]:
        """Give the paths that it changes."""
        return [line.removeprefix("+++ b/") for line in self.diff.splitlines() if line.startswith("+++ b/")]

    @property
    def importer(self) -> str:
        """Give the importer that it is about."""
        gatherers = [Path(file).stem for file in self.files if file.startswith("lib/gatherers/")]
        return gatherers[0] if gatherers else "brightwater"

    def applied(self, folder: Path) -> Path:
        """Give a checkout with it."""
        tree = shutil.copytree(IMPORTERS, folder, dirs_exist_ok=True)
        subprocess.run(["git", "apply", "--verbose", str(self.path)], cwd=tree, check=True, capture_output=True)
        return tree


def patches(folder: str) -> list[Change]:
    """Give the patches of a catalogue."""
    return [Change(path) for path in sorted((HERE / folder).glob("*.patch"))]


def registered(name: str, origin: str) -> Importer:
    """Give the entry of the registry, with its portal at `origin`."""
    found = importers.parse((IMPORTERS / "importers.toml").read_text(), origin).get(name)
    return found or make_importer(name=name)


def guarded(change: Change, tree: Path, importer: Importer) -> tuple[str, ...]:
    """Give the codes with which the guard refuses."""
    changes = [_file_change(file, tree) for file in change.files]
    return tuple(sorted({refusal.code for refusal in guard.judge(changes, importer)}))


def _file_change(file: str, tree: Path) -> FileChange:
    old, new = (IMPORTERS / file).read_text(), (tree / file).read_text()
    modes = {"old_mode": "100644", "new_mode": "100644"}
    return FileChange(path=file, status="modified", old_text=old, new_text=new, size=len(new), **modes)


def gated(runner: Runner, change: Change, importer: Importer, history: History | None) -> tuple[str, History | None]:
    """Run the gate on the runner's checkout; give what stopped it and what it would remember. The login must be nowhere."""
    runner.env |= {"HEALER_IMPORTER": importer.name, "HEALER_FETCH_TIMEOUT_S": str(FETCH_S)}
    runner.world.grant |= {
        "importer": importer.model_dump(mode="json"),
        "diff": change.diff,
        "history": history.model_dump() if history else None,
    }
    ended = runner.run()
    shown = "\n".join(line for line in ended.output.splitlines() if not line.startswith("::add-mask::"))
    assert PASSWORD not in shown + ended.report_text + ended.summary
    assert ended.report.conclusion is not Conclusion.ERROR, ended.report.summary
    wrong = [check.name for check in ended.report.checks if not check.passed]
    kind = ended.report.failure.kind.value if ended.report.failure else ""
    return ": ".join(filter(None, (kind, ", ".join(wrong)))), ended.report.history


def throw(portal: str, importer: str, **switches: str) -> None:
    """Throw switches of a portal."""
    httpx.post(f"{portal}/_control/{importer}", json=switches).raise_for_status()


def write(rows: list[Tried], place: Path) -> str:
    """Write the outcome as JSON, and give the table that people read."""
    honest = [row for row in rows if row.honest]
    cheats = [row for row in rows if not row.honest]
    counts = {
        "cheats": len(cheats),
        "cheats_accepted": sum(row.accepted for row in cheats),
        "cheats_green_at_the_gate_alone": sum(not row.gate for row in cheats),
        "honest": len(honest),
        "honest_refused": sum(not row.accepted for row in honest),
    }
    place.parent.mkdir(exist_ok=True)
    told = [{**asdict(row), "accepted": row.accepted} for row in rows]
    place.write_text(json.dumps({**counts, "patches": told}, indent=1) + "\n")
    lines = [f"{'':1} {'patch':26} {'guard':44} {'gate alone'}"]
    lines += [
        f"{'+' if row.honest else '-'} {row.name:26} {', '.join(row.guard) or 'lets it pass':44} {row.gate or 'green'}"
        for row in rows
    ]
    return "\n".join([*lines, "", *(f"{name.replace('_', ' ')}: {count}" for name, count in counts.items()), ""])
