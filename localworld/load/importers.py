"""Many importers out of one: the same broken portal under other names, each with a login and a recording of its own."""

import shutil
from pathlib import Path
from typing import Final

from localworld.seed import CHECKOUT

MODEL: Final = "brightwater"
_CEILING: Final = 100_000


def names(many: int) -> list[str]:
    """Name so many importers."""
    return [f"load{number:02}" for number in range(1, many + 1)]


def lay(folder: Path, many: int) -> Path:
    """Lay an importers repository with so many importers; each one's files stand at the place where the model's stand."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(CHECKOUT / "localworld/importers", folder)
    registry = folder / "importers.toml"
    entry = registry.read_text().partition(f"[importers.{MODEL}]")[2].partition("\n[importers.")[0]
    entry = f"[importers.{MODEL}]{entry}".rstrip() + f"\nlogin_ceiling = {_CEILING}\n"
    registry.write_text("\n".join(entry.replace(MODEL, name) for name in names(many)))
    for pattern in ("lib/gatherers/{}.rb", "recordings/{}.json"):
        text = (folder / pattern.format(MODEL)).read_text()
        for name in names(many):
            (folder / pattern.format(name)).write_text(text.replace(MODEL, name))
    return folder
