"""The composition of the leak audit: settings in, sinks out, and what became of each."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Final

import httpx
from pydantic import SecretStr

from healer.audit import Audit, Finding, Piece, Search, examine
from healer.clients import store
from healer.clients.cases import Cases
from healer.clients.git_remote import Login, Remote, protocol
from healer.clients.github_door import API_VERSION
from healer.clients.orchestrator import basic_auth
from healer.clients.sinks import engine, processes
from healer.clients.sinks.files import FilesSink
from healer.clients.sinks.github import GitHubSink
from healer.clients.sinks.jira import JiraSink
from healer.clients.sinks.objects import CloneSink, RemoteSink
from healer.clients.sinks.prefect import KINDS, PrefectSink
from healer.clients.sinks.registered import registered
from healer.clients.sinks.rest import Rest
from healer.clients.sinks.store import StoreSink
from healer.redact import Redactor
from healer.settings import AuditSettings, SinkSettings, secret_names, secret_values
from healer.wiring import github
from healer.wiring_git import GIT_FOLDER, git_address
from healer.wiring_keys import vault_keys
from healer.wiring_store import operator_store

_HTTP_TIMEOUT_S: Final = 30
_ALL_CASES: Final = 1_000_000
_GITHUB_HEADERS: Final = {"X-GitHub-Api-Version": API_VERSION, "User-Agent": "importer-healer"}
_MIRROR: Final = "mirror.git"


@dataclass(frozen=True)
class Sink:
    """A sink by name, and how to read it; `absent` says why there is none."""

    name: str
    read: Callable[[], Iterator[Piece]] = lambda: iter(())
    absent: str = ""


def leaks(
    settings: AuditSettings,
    secrets: SinkSettings,
    case: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Audit:
    """Search every sink for every registered value; `tell` hears the name of each sink before it is read.

    Raises: UpstreamError, Misconfigured where the vault cannot be opened: without its values nothing can be searched for.
    """
    search, left_out, cases = asyncio.run(_known(settings, secrets))
    with ExitStack() as stack:
        findings = [_examined(sink, search, tell) for sink in _sinks(settings, case, [case] if case else cases, stack)]
    return Audit(tuple(findings), search.values, left_out)


def _examined(sink: Sink, search: Search, tell: Callable[[str], None]) -> Finding:
    if sink.absent:
        return Finding(sink.name, absent=sink.absent)
    tell(sink.name)
    return examine(sink.name, sink.read(), search)


async def _known(settings: AuditSettings, secrets: SinkSettings) -> tuple[Search, tuple[str, ...], list[str]]:
    """Give the search for the registered values, the names of those that it leaves out, and the ids of all cases."""
    opened, redis = operator_store(settings), store.connect(settings.redis_url)
    try:
        ours = (*secret_values(secrets), *vault_keys(settings).texts)
        search, left_out = await registered(opened.vault, ours)
        return search, left_out, [case.id for case in await Cases(redis).list(_ALL_CASES)]
    finally:
        await opened.close()
        await redis.aclose()


def _sinks(settings: AuditSettings, case: str | None, keys: list[str], stack: ExitStack) -> Iterator[Sink]:
    yield Sink("Redis", StoreSink(settings.redis_url).pieces)
    yield from _of_prefect(settings, case, stack)
    yield from _of_folders(settings)
    yield from _of_git(settings, case)
    yield from _of_github(settings, case, stack)
    yield _of_jira(settings, keys, stack)
    yield from _of_the_machine()


def _http(stack: ExitStack, address: str, **login: object) -> httpx.Client:
    return stack.enter_context(httpx.Client(base_url=address, timeout=_HTTP_TIMEOUT_S, **login))  # type: ignore[arg-type] # httpx's own options


def _of_prefect(settings: AuditSettings, case: str | None, stack: ExitStack) -> Iterator[Sink]:
    names = [f"Prefect {kind}" for kind in KINDS]
    if not settings.prefect_api_url:
        yield from (Sink(name, absent="HEALER_PREFECT_API_URL is not set") for name in names)
        return
    http = _http(stack, settings.prefect_api_url, headers=basic_auth(settings.prefect_auth))
    sink = PrefectSink(Rest(http, "Prefect"), case)
    yield from (Sink(name, partial(sink.pieces, kind)) for name, kind in zip(names, KINDS, strict=True))


def _of_folders(settings: AuditSettings) -> Iterator[Sink]:
    yield (
        Sink("logs", FilesSink([settings.log_dir]).pieces)
        if settings.log_dir
        else Sink("logs", absent="HEALER_LOG_DIR is not set")
    )
    yield (
        Sink("work folder", FilesSink([settings.work_dir], without=(_MIRROR,)).pieces)
        if settings.work_dir
        else Sink("work folder", absent="HEALER_WORK_DIR is not set")
    )
    yield Sink("temporary files", FilesSink([folder for folder in settings.temp_dirs if folder.exists()]).pieces)


def _of_git(settings: AuditSettings, case: str | None) -> Iterator[Sink]:
    names = ("git objects of the clone", "git objects of heal/* at the remote")
    if not settings.work_dir:
        yield Sink(names[0], absent="HEALER_WORK_DIR is not set")
    else:
        yield Sink(names[0], CloneSink(settings.work_dir / GIT_FOLDER / _MIRROR, case).pieces)
    if not settings.importers_repository:
        yield Sink(names[1], absent="HEALER_IMPORTERS_REPOSITORY is not set")
    else:
        address, key, hub = git_address(settings, settings.git_ssh_key), settings.git_ssh_key, github(settings)
        login, redactor = Login(hub.git_token, key), Redactor()
        sink = RemoteSink(lambda command: Remote(address, command, login, redactor), protocol(address), case)
        yield Sink(names[1], sink.pieces)


def _of_github(settings: AuditSettings, case: str | None, stack: ExitStack) -> Iterator[Sink]:
    names = ("GitHub pull requests", "Actions runs and logs", "Actions summaries and annotations")
    if not settings.importers_repository:
        yield from (Sink(name, absent="HEALER_IMPORTERS_REPOSITORY is not set") for name in names)
        return
    token = github(settings).git_token
    http = _http(
        stack, settings.github_api_url, headers=_GITHUB_HEADERS, auth=lambda request: _with_token(request, token())
    )
    plain = Rest(_http(stack, ""), "GitHub's store of logs")
    sink = GitHubSink(Rest(http, "GitHub"), plain, settings.importers_repository, settings.gate_workflow, case)
    yield from map(Sink, names, (sink.pull_requests, sink.runs, sink.checks))


def _with_token(request: httpx.Request, token: SecretStr) -> httpx.Request:
    request.headers["Authorization"] = f"Bearer {token.get_secret_value()}"
    return request


def _of_jira(settings: AuditSettings, keys: list[str], stack: ExitStack) -> Sink:
    if not settings.jira_url or not settings.jira_token:
        return Sink("JIRA tickets", absent="HEALER_JIRA_URL or HEALER_JIRA_TOKEN is not set")
    token = settings.jira_token
    login: dict[str, object] = {"auth": lambda request: _with_token(request, token)}
    if settings.jira_user:
        login = {"auth": (settings.jira_user, token.get_secret_value())}
    return Sink("JIRA tickets", JiraSink(Rest(_http(stack, settings.jira_url, **login), "JIRA"), keys).pieces)


def _of_the_machine() -> Iterator[Sink]:
    docker = "" if engine.is_here() else "there is no docker command here"
    yield Sink("Docker containers", engine.containers, docker)
    yield Sink("Docker images", engine.images, docker)
    proc = "" if processes.are_shown() else "this system shows no processes"
    yield Sink("command lines of processes", processes.command_lines, proc)
    yield Sink("environments of processes", lambda: processes.environments(secret_names()), proc)
