"""A sample of the crash matrix, and what the matrix is made of."""

import json
import os
from pathlib import Path

import pytest

from localworld.crash import driver, invariants
from localworld.crash.cells import Refused, Stopped, Struck, matrix, sample
from localworld.crash.driver import Outcome
from localworld.crash.jobs import outcomes
from localworld.crash.place import Place
from localworld.crash.sheet import Sheet
from localworld.errors import WorldError

SEED = int(os.environ.get("HEALER_TEST_CRASH_SEED", "3"))


def test_no_two_cells_have_one_name():
    """A sheet is resumed by names, so each cell has its own."""
    names = [cell.name for cell in matrix()]
    assert len(set(names)) == len(names)


def test_every_effect_is_struck_on_both_sides():
    """No step of the journey is left out, before or after, and each outside effect is refused in each way."""
    struck = {(cell.step.name, cell.side.value) for cell in matrix() if isinstance(cell, Struck)}
    assert {side for _, side in struck} == {"before", "after"}
    assert len(struck) == 2 * len({name for name, _ in struck})
    refused = {cell.what for cell in matrix() if isinstance(cell, Refused)}
    for what in refused:
        assert {cell.status for cell in matrix() if isinstance(cell, Refused) and cell.what == what} >= {
            0,
            429,
            502,
            503,
        }


def test_a_seed_draws_the_same_cells():
    """What a seed has found it finds again."""
    assert sample(7, 5) == sample(7, 5)
    assert any(sample(seed, 5) != sample(7, 5) for seed in range(8, 12))


def test_a_sheet_is_resumed_and_forgets_no_failure_of_a_soak(tmp_path):
    """What holds is not played again; what failed counts until it holds; in a soak one failure is enough."""
    sheet = Sheet(tmp_path / "crash.json")
    sheet.write(Outcome("a", "UTIL-1", 1.0))
    sheet.write(Outcome("b", "UTIL-2", 1.0, ["two pull requests"]))
    again = Sheet(tmp_path / "crash.json")
    assert (again.holds("a"), again.holds("b"), again.ok) == (True, False, False)
    again.write(Outcome("b", "UTIL-3", 1.0))
    assert again.ok
    soak = Sheet(tmp_path / "soak.json", about={"seed": 1})
    soak.write(Outcome("b", "UTIL-1", 1.0, ["two pull requests"]))
    soak.write(Outcome("b", "UTIL-2", 1.0))
    assert not soak.ok


@pytest.mark.crash
@pytest.mark.timeout(900)
def test_a_sample_of_the_matrix_holds_and_a_breach_would_be_seen(tmp_path):
    """Cells drawn by a seed leave everything as it must be; what is changed behind the product's back is named."""
    cells = [cell for cell in sample(SEED, 3) if cell.end != "confirmed"]
    with Place(tmp_path / "w") as place:
        outcomes = [driver.play(place, cell, number) for number, cell in enumerate(cells, 2001)]
        assert [(outcome.name, outcome.broken) for outcome in outcomes if not outcome.ok] == []
        assert driver.leaks(place).broken == []
        forge(place, case := outcomes[0].case)
        told = " ".join(invariants.broken(place, case, cells[0]))
    for words in ("event chain is broken at 2", "the case believes Forged", "are still held", "do not hold the leases"):
        assert words in told.replace("does not hold", "do not hold")


@pytest.mark.crash
@pytest.mark.timeout(900)
def test_worlds_at_once_share_the_cells_and_search_each_world_for_leaks(tmp_path):
    """Each cell is played once, by whichever world is free; every world that played is searched, and gone afterwards."""
    cells = [cell for cell in matrix() if isinstance(cell, Stopped)][-2:]
    told = [(outcome.name, outcome.broken) for outcome in outcomes(cells, 2, tmp_path)]
    played = [each for each in told if not each[0].startswith("leak audit")]
    assert sorted(played) == sorted((cell.name, []) for cell in cells)
    assert [broken for name, broken in told if name.startswith("leak audit")] == [[]] * len(
        list(tmp_path.glob("world-?"))
    )
    assert not [line for line in Path("/proc/mounts").read_text().splitlines() if str(tmp_path) in line]


def test_a_world_that_cannot_be_set_up_is_said(tmp_path):
    """Nobody waits for a world that ended before its time."""
    (tmp_path / "world-1").write_text("no folder")
    with pytest.raises(WorldError, match="before all cells were played"):
        list(outcomes(matrix()[:1], 1, tmp_path))


def forge(place: Place, case: str) -> None:
    """Change what is stored, as no part of the product would."""
    place.redis.lset(f"healer:case:{case}:events", 1, json.dumps({**place.events(case)[1], "kind": "forged"}))
    place.redis.set(f"healer:case:{case}", json.dumps({**(place.case(case) or {}), "ticket_status": "Forged"}))
    place.redis.set("healer:hold:brightwater", case)
    place.redis.zadd("healer:logins:brightwater-main", {"1:1": 1.0})
