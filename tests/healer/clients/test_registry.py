"""Rules of the cached registry."""

import asyncio
import threading

import pytest

from healer.clients import registry as module
from healer.clients.registry import RegistryFile
from healer.errors import UpstreamError

TOML = """
[importers.{name}]
title = "T"
url = "https://t.example"
hosts = ["t.example"]
credentials = ["t-main"]
component = "t"
owner = "team"
paths = ["lib/gatherers/t.rb"]
"""


class File:
    """A file on GitHub: its text, or the outage; counts the reads."""

    def __init__(self) -> None:
        self.text: str | None = TOML.format(name="one")
        self.reads = 0

    def __call__(self) -> str:
        """Read it."""
        self.reads += 1
        if self.text is None:
            raise UpstreamError("down.", service="github", reason="github_unavailable")
        return self.text


def _pass(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    clock = module.time.monotonic
    monkeypatch.setattr(module.time, "monotonic", lambda: clock() + seconds)


async def test_file_is_read_at_most_every_thirty_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within 30 s the file is read once; after a quiet minute a change is seen at once."""
    file = File()
    registry = RegistryFile(file)
    assert (await registry.get()).get("one")
    assert (await registry.get()).get("one")
    assert file.reads == 1
    file.text = TOML.format(name="two")
    _pass(monkeypatch, module.LATE_S)
    assert (await registry.get()).get("two")


async def test_steady_work_does_not_wait_for_github(monkeypatch: pytest.MonkeyPatch) -> None:
    """After 30 s the file is read beside the work: what is known is given at once, and the change as soon as it is read."""
    file, told = File(), threading.Event()

    def slowly() -> str:
        assert told.wait(5)
        return file()

    told.set()
    registry = RegistryFile(slowly)
    await registry.get()
    told.clear()
    file.text = TOML.format(name="two")
    _pass(monkeypatch, module.FRESH_S)
    for _ in range(3):
        assert (await registry.get()).get("one")
    told.set()
    async with asyncio.timeout(5):
        while not (await registry.get()).get("two"):  # noqa: ASYNC110 - a thread reads
            await asyncio.sleep(0.01)
    assert file.reads == 2


async def test_an_outage_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a read has failed, the last good registry is given without waiting for the next try."""
    file, answers = File(), threading.Event()

    def hanging() -> str:
        assert answers.wait(5)
        return file()

    answers.set()
    registry = RegistryFile(hanging)
    await registry.get()
    file.text = None
    _pass(monkeypatch, module.LATE_S)
    assert (await registry.get()).get("one")
    answers.clear()
    _pass(monkeypatch, module.FRESH_S)
    assert (await registry.get()).get("one")
    answers.set()


@pytest.mark.parametrize("later", [None, "not toml"])
async def test_last_good_registry_serves_on(monkeypatch: pytest.MonkeyPatch, later: str | None) -> None:
    """While GitHub is down, or the file is broken, the last good registry serves, for an hour and not longer."""
    file = File()
    registry = RegistryFile(file)
    await registry.get()
    file.text = later
    _pass(monkeypatch, module.LATE_S)
    assert (await registry.get()).get("one")
    _pass(monkeypatch, module.STALE_S)
    with pytest.raises(UpstreamError):
        await registry.get()


async def test_without_any_registry_the_reason_is_told() -> None:
    """Where no registry was ever read, the error of the read is told, and the next ask tries again."""
    file = File()
    file.text = None
    registry = RegistryFile(file)
    for _ in range(2):
        with pytest.raises(UpstreamError, match="down"):
            await registry.get()
    assert file.reads == 2
