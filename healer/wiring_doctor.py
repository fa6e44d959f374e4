"""The composition of the doctor: settings in, one examination for each neighbour, findings out."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from healer import doctor, importers
from healer.clients import hardening, store
from healer.clients.agents import walls
from healer.clients.vault import Stored
from healer.doctor import Finding
from healer.errors import HealerError, Misconfigured
from healer.settings import AuditSettings, FlowSettings, GatewaySettings, OperatorSettings, load
from healer.wiring import github
from healer.wiring_neighbours import Room, gateway, jira, prefect, repository
from healer.wiring_store import operator_store

Examination = Callable[[], Iterator[Finding]]
_UNREADABLE: Final = (KeyError, IndexError, TypeError, ValueError, AttributeError)
_WORKFLOWS: Final = ".github/workflows"


@dataclass(frozen=True)
class _Look:
    """What every examination is given: the settings of one room, where the neighbours are, and an image for Docker."""

    room: Room
    places: AuditSettings
    operator: OperatorSettings
    image: str


def examine(image: str, tell: Callable[[str], None] = lambda _: None) -> tuple[Finding, ...]:
    """Look at everything that this machine's settings name; `tell` hears of each examination before it begins."""
    findings: list[Finding] = []
    try:
        room = _room(findings)
        look = _Look(room, load(AuditSettings), load(OperatorSettings), image)
    except HealerError as error:
        return (*findings, doctor.failed("settings", error))
    for about, examination in _examinations(look):
        tell(about)
        findings += _done(about, partial(examination, look))
    return tuple(findings)


def _room(findings: list[Finding]) -> Room:
    """Read the settings of whichever room is complete here.

    Raises: Misconfigured where none is, and says what each lacks.
    """
    lacking: list[str] = []
    found: list[Room] = []
    for name, room in (("worker", FlowSettings), ("gateway", GatewaySettings)):
        try:
            found.append(load(room))  # type: ignore[arg-type] # each is one of the two
            findings.append(doctor.good("settings", f"complete for the {name}"))
        except Misconfigured as error:
            lacking.append(f"for the {name}: {error.what}")
    if not found:
        raise Misconfigured(
            " ".join(lacking), reason="settings", remedy="Ask where gateway or worker runs, with its environment."
        )
    findings += [doctor.note("settings", each) for each in lacking]
    return found[0]


def _examinations(look: _Look) -> Iterator[tuple[str, Callable[[_Look], Iterator[Finding]]]]:
    yield "Redis", _redis
    yield "vault", _vault
    yield "API tokens", _tokens
    yield "Prefect", lambda look: prefect(look.places)
    yield "gateway", lambda look: gateway(look.operator.url)
    yield "GitHub", lambda look: repository(look.room)
    yield "importers", _importers
    yield "JIRA", lambda look: jira(look.room)
    if isinstance(look.room, FlowSettings):
        yield "agent", _agent
    yield "Docker hardening", _docker


def _done(about: str, examination: Examination) -> Iterator[Finding]:
    """Give an examination's findings; one that cannot come to its end is a finding too."""
    try:
        yield from examination()
    except HealerError as error:
        yield doctor.failed(about, error)
    except _UNREADABLE as error:
        mend = "See that the address in the settings is that of its API."
        yield doctor.bad(about, f"its answer is not of the expected form ({type(error).__name__})", mend)


def _now() -> datetime:
    return datetime.now(UTC)


# ---------------------------------------------------------------- what Redis holds


def _redis(look: _Look) -> Iterator[Finding]:
    async def ask() -> tuple[datetime, str]:
        redis = store.connect(look.room.redis_url)
        try:
            await store.check_durability(redis)
            return await store.tells(redis)
        finally:
            await redis.aclose()

    at, version = asyncio.run(ask())
    yield doctor.good("Redis", f"version {version}; keeps what it has acknowledged")
    yield doctor.clock("clock of Redis", _now(), at)


def _vault(look: _Look) -> Iterator[Finding]:
    """Open every credential, and say what is old, sealed by an old key, or about to be missed."""

    async def ask() -> tuple[Stored, ...]:
        opened = operator_store(look.room)
        try:
            async for _ in opened.vault.everything():
                pass
            return await opened.vault.list()
        finally:
            await opened.close()

    held, now = asyncio.run(ask()), _now()
    yield doctor.good("vault", f"{len(held)} credential(s), all open")
    if behind := [one.ref for one in held if not one.is_current]:
        yield doctor.note(
            "vault", f"sealed by another key than the first: {', '.join(behind)}", "healer credential rewrap"
        )
    if sealed := [one.put_at for one in held if one.is_current and one.put_at]:
        yield doctor.age("vault's key, at least", min(sealed), now, "Change the vault's key: README, step 7.")
    for one in held:
        if one.expires_at and one.expires_at <= now:
            yield doctor.bad(
                f"credential {one.ref}", f"expired {one.expires_at:%Y-%m-%d}", f"healer credential put {one.ref}"
            )
        elif one.put_at:
            yield doctor.age(f"credential {one.ref}", one.put_at, now, f"healer credential rotate {one.ref}")


def _tokens(look: _Look) -> Iterator[Finding]:
    holders = _in_store(look, lambda opened: opened.tokens.list())
    if not holders:
        yield doctor.note("API tokens", "there are none", "healer token create: README, step 9.")
    for holder in holders:
        mend = f"Create a new one, then healer token revoke {holder.name}."
        yield doctor.age(f"API token {holder.id} of {holder.name}", holder.created_at, _now(), mend)


def _in_store(look: _Look, ask: Callable[[Any], Awaitable[Any]]) -> Any:
    async def asked() -> Any:
        opened = operator_store(look.room)
        try:
            return await ask(opened)
        finally:
            await opened.close()

    return asyncio.run(asked())


def _importers(look: _Look) -> Iterator[Finding]:
    """Read the registry and the gate's caller on the base branch, and see that every login of the registry is stored."""
    room, hub = look.room, github(look.room)
    registry = importers.parse(hub.read_file(importers.PATH, room.base_branch))
    yield doctor.good("importers", f"{len(registry.importers)} of importers.toml can be healed")
    for name, wrong in registry.broken.items():
        yield doctor.bad(
            "importers", f"[importers.{name}] {wrong}", "Mend it on the base branch: SPEC, importers.toml."
        )
    caller = hub.read_file(f"{_WORKFLOWS}/{room.gate_workflow}", room.base_branch)
    if isinstance(room, GatewaySettings) and room.gate_sha not in caller:
        mend = f"healer init-importers with --sha {room.gate_sha}, or set HEALER_GATE_SHA to the one that it names."
        yield doctor.bad(
            "gate", f"{room.gate_workflow} names another commit than HEALER_GATE_SHA: it gets no login", mend
        )
    else:
        yield doctor.good("gate", f"{room.gate_workflow} is on {room.base_branch}")
    refs = {ref for one in registry for ref in one.credentials}
    held = {one.ref for one in _in_store(look, lambda opened: opened.vault.list())}
    for ref in sorted(refs - held):
        yield doctor.bad(f"credential {ref}", "the vault has none", f"healer credential put {ref}")


# ---------------------------------------------------------------- this machine


def _agent(look: _Look) -> Iterator[Finding]:
    room = look.room
    git = shutil.which("git")
    if git is None:
        yield doctor.bad("git", "is not on the PATH", "Install git.")
        return
    if not isinstance(room, FlowSettings) or room.agent == "relocate":
        yield doctor.good("agent", "`relocate`: needs no walls, no key and no model")
        return
    found = walls.strongest(Path(git))
    if found.namespaces or not room.agent_require_isolation:
        yield (doctor.good if found.namespaces else doctor.note)("agent", f"`{room.agent}` runs with: {found.words}")
    else:
        mend = "Install bubblewrap and allow user namespaces: README, Agents."
        yield doctor.bad("agent", f"`{room.agent}` would not begin: {found.words}", mend)


def _docker(look: _Look) -> Iterator[Finding]:
    if shutil.which("docker") is None:
        yield doctor.note(
            "Docker hardening", "not looked at: there is no Docker here; ask where the gate or `claude`'s trials run"
        )
        return
    image = look.image or (look.room.agent_base_image if isinstance(look.room, FlowSettings) else "")
    if not image:
        yield doctor.note(
            "Docker hardening", "not looked at: no image", "healer doctor --image IMAGE, one with a shell."
        )
        return
    yield from doctor.hardening(hardening.facts(image))
