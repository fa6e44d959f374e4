"""No client's failure tells what it was given: not the error, not what it replaced, not the logs, however the library under it fails."""

import logging
import traceback
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from redis.exceptions import RedisError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from healer.clients import gateway, idtoken, jwks, orchestrator, store
from healer.clients.container import Containers, Job
from healer.clients.front_door import FrontDoor
from healer.clients.git import Git
from healer.clients.github import GitHub
from healer.clients.github_door import github_auth
from healer.clients.jira import Jira
from healer.clients.probe import is_up
from healer.clients.tokens import Tokens
from healer.contracts import RunRequest
from healer.errors import HealerError, Misconfigured
from healer.settings import FlowSettings, load
from serving import serving

SECRET = "Xk7pQ2vRm9"
DEAD = "http://127.0.0.1:9"
TOKENS = {
    "a good one": SECRET,
    "one with a line break": f"{SECRET}\n{SECRET}",
    "one beyond ASCII": f"{SECRET}\N{LATIN SMALL LETTER E WITH ACUTE}",
}
RUN = RunRequest(flow="heal", case="UTIL-101")


async def _echo(request: Request) -> Response:
    """Repeat the caller's login in every member in which somebody looks for words, or as no JSON at all."""
    sent = request.headers.get("authorization", "").rpartition(" ")[2] or SECRET
    if request.url.path.startswith("/text"):
        return PlainTextResponse(f"<p>{sent}</p>")
    if "/v1/cases" in request.url.path:
        return JSONResponse([sent])
    if request.url.path.startswith("/value"):
        lease = {"grant": {"lease": sent}, "env": {}, "trace_key": "k"}
        return JSONResponse(
            {"id": 7, "keys": sent, "issuer": sent, "fields": sent, "value": 7, "content": sent, **lease}
        )
    words = {"detail": sent, "message": sent, "errorMessages": [sent], "reason": sent, "value": 7}
    return JSONResponse(words, 400)


@pytest.fixture(scope="module")
def echo() -> Iterator[str]:
    methods = ["GET", "POST", "PUT"]
    with serving(lambda _: Starlette(routes=[Route("/{path:path}", _echo, methods=methods)])) as url:
        yield url


@pytest.fixture(params=["refuses", "no JSON", "other JSON", "dead"])
def url(request: pytest.FixtureRequest, echo: str) -> str:
    """Give an address behind which something is wrong."""
    return {"refuses": echo, "no JSON": f"{echo}/text", "other JSON": f"{echo}/value", "dead": DEAD}[request.param]


@pytest.fixture(params=TOKENS.values(), ids=TOKENS.keys())
def token(request: pytest.FixtureRequest) -> SecretStr:
    """Give a login, also one that no header can carry."""
    return SecretStr(request.param)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nobody between tries."""
    for module, name in ((gateway, "_OUTAGE_S"), (gateway, "_RECORDING_S"), (idtoken, "_PAUSES_S")):
        monkeypatch.setattr(module, name, ())


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Give an error and all that hangs on it, also what a traceback would not show."""
    if error is not None:
        yield error
        yield from _chain(error.__cause__)
        yield from _chain(error.__context__)


def _all_of(error: BaseException) -> str:
    shown = [f"{one}{one!r}{one.args!r}{vars(one)!r}" for one in _chain(error)]
    return "".join([*shown, *traceback.format_exception(error)])


def check(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    """Hold an error and the logs to the rule; `XK7PQ2VRM9` and halves of the secret would be told as well."""
    assert isinstance(error, HealerError), repr(type(error))
    said = _all_of(error).lower() + caplog.text.lower()
    assert SECRET[:6].lower() not in said
    assert SECRET[4:].lower() not in said


def fails(call: Callable[[], Any], caplog: pytest.LogCaptureFixture) -> None:
    """Let a client fail with every logger wide open."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - a foreign exception is what `check` is to find
        call()
    check(caught.value, caplog)


async def fails_later(call: Awaitable[Any], caplog: pytest.LogCaptureFixture) -> None:
    """As `fails`, for a coroutine."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - as in `fails`
        await call
    check(caught.value, caplog)


def test_the_gateways_runner_door(url: str, token: SecretStr, caplog: Any) -> None:
    """On a runner, by httpx: the identity token is in no error."""
    with httpx.Client() as http:
        fails(lambda: gateway.Gateway(url, http).lease(token), caplog)


def test_the_door_of_identity_tokens(url: str, token: SecretStr, caplog: Any) -> None:
    """On a runner, by httpx: the request token is in no error."""
    with httpx.Client() as http:
        fails(lambda: idtoken.IdTokens(url, token, http).token("a"), caplog)


def test_the_operators_door(url: str, token: SecretStr, caplog: Any) -> None:
    """At an operator's, by httpx: the API token is in no error, also where what answers repeats it."""
    door = FrontDoor(url, token)
    with door._http:
        fails(lambda: door.command("UTIL-101", "stop", {"reason": SECRET}), caplog)


ADDRESSES = [
    f"http://u:{SECRET}@127.0.0.1:9",
    f"http://u:{SECRET}@[::1",
    f"http://u:1/{SECRET}@h:port/",
    f"{SECRET}://h",
]


@pytest.mark.parametrize("address", ADDRESSES)
async def test_the_door_of_signing_keys(address: str, caplog: Any) -> None:
    """In the gateway, by httpx: the issuer's address is in no error."""
    async with httpx.AsyncClient() as http:
        await fails_later(jwks.Jwks(address, http).key("k1"), caplog)


async def test_the_door_to_prefect(url: str, caplog: Any) -> None:
    """In the gateway, by httpx: Prefect's login is in no error."""
    headers = orchestrator.basic_auth(SecretStr(f"admin:{SECRET}"))
    async with httpx.AsyncClient(base_url=url, headers=headers) as http:
        await fails_later(orchestrator.Orchestrator(http).start(RUN), caplog)


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_door_to_portals(address: str, caplog: Any) -> None:
    """On a runner, by httpx: a portal whose address cannot be read is down, and nothing is raised or logged."""
    caplog.set_level(logging.DEBUG)
    assert is_up(address, ("h",)) is False
    assert SECRET not in caplog.text


def test_the_door_to_github(url: str, token: SecretStr, caplog: Any) -> None:
    """PyGithub: token and address are in no error."""
    door = GitHub(url, github_auth(token), "acme/importers", pace_s=0, patience_s=0, timeout_s=2)
    fails(lambda: door.branch_head("main"), caplog)


@pytest.mark.parametrize("user", [None, "healer@acme.example"])
def test_the_door_to_jira(url: str, token: SecretStr, user: str | None, caplog: Any) -> None:
    """The jira library: token and address are in no error, in Cloud and in Data Center."""
    door = Jira(url, token, user, patience_s=0, timeout_s=2)
    fails(lambda: door.say("UTIL-101", "m", "text"), caplog)


@pytest.mark.parametrize(
    "address",
    [
        f"redis://:{SECRET}@127.0.0.1:9/0",
        f"redis://:pa/{SECRET}@h:1/0",
        f"redis://h:{SECRET}/0",
        f"{SECRET}://h",
        f"redis://127.0.0.1:9/0?socket_timeout={SECRET}",
    ],
)
async def test_the_door_to_redis(address: str, caplog: Any) -> None:
    """By redis-py: the address with its password is in no error, whether it answers, refuses or cannot be read."""

    async def look() -> None:
        redis = store.connect(SecretStr(address))
        try:
            await Tokens(redis).list()
        finally:
            await redis.aclose()

    await fails_later(look(), caplog)


async def test_redis_that_refuses_the_login(redis_url: str, caplog: Any) -> None:
    """By redis-py: a password that Redis does not take is in no error."""
    await test_the_door_to_redis(redis_url.replace("://", f"://:{SECRET}@"), caplog)


def test_the_door_to_git(echo: str, tmp_path: Path, token: SecretStr, caplog: Any) -> None:
    """By subprocess: the token and the remote's address are in no error of git's, nor is the command with its environment."""
    fails(lambda: Git(f"http://u:{SECRET}@127.0.0.1:9/r.git", tmp_path / "a"), caplog)
    fails(Git(f"{echo}/r.git", tmp_path / "b", token=lambda: token).fetch, caplog)


DOCKERS = {
    "repeats all": '#!/bin/sh\n[ "$1" = inspect ] && echo no JSON && exit\n[ "$1" = start ] && /bin/cat >&2\necho "$@" >&2; exit 1\n',
    "is no program": "\x7fELF nothing",
}


@pytest.mark.parametrize("docker", DOCKERS.values(), ids=DOCKERS.keys())
def test_the_door_to_docker(docker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    """By subprocess: a login that was to go to a container is in no error, whatever answers in the engine's place."""
    program = tmp_path / "docker"
    program.write_text(docker)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    login = {"PORTAL_PASSWORD": SecretStr(SECRET)}
    job = Job(name="n", image="i", command=("rake",), env={}, login=login, out=tmp_path, seconds=5)
    fails(lambda: Containers().run(job), caplog)


def test_settings(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    """By pydantic: what a wrong setting held is in no error, though its own errors carry inputs."""
    for name in ("REDIS_URL", "VAULT_KEYS", "JIRA_PROJECT", "GITHUB_PACE_S", "MAX_ATTEMPTS", "JIRA_URL"):
        monkeypatch.setenv(f"HEALER_{name}", f"http://u:{SECRET}@jira.example")
    fails(lambda: load(FlowSettings), caplog)


def _replace(error: Exception, *, suppressed: bool) -> None:
    try:
        raise error
    except RedisError:
        if suppressed:
            raise Misconfigured("ours", reason="x") from None
        raise Misconfigured("ours", reason="x")  # noqa: B904 - what a bug in a handler would do


def test_what_replaces_an_exception_keeps_it_to_nobody() -> None:
    """An error raised `from None` gives what it replaced to nobody; one that is raised without gives it, for whoever mends a bug."""
    kept = []
    for suppressed in (True, False):
        with pytest.raises(Misconfigured) as caught:
            _replace(RedisError(SECRET), suppressed=suppressed)
        kept.append(caught.value.__context__)
    assert kept[0] is None
    assert isinstance(kept[1], RedisError)
