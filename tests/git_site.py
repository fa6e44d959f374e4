"""A git remote as tests use it: a bare repository behind real smart HTTP (`git http-backend`) with a login."""

import asyncio
import base64
import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from serving import serving

TOKEN = "planted-token-of-an-installation-4711"
ENV = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    **{
        f"GIT_{who}_{part}": value
        for who in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", "Ann"), ("EMAIL", "ann@acme.example"), ("DATE", "@1790000000 +0000"))
    },
}


def git(*arguments: str, cwd: Path) -> str:
    """Run git as somebody else would."""
    done = subprocess.run(["git", *arguments], cwd=cwd, env=ENV, check=True, capture_output=True)
    return done.stdout.decode().strip()


@dataclass
class Remote:
    """The ASGI application and what it saw. `after` and `before` answer the next push by this status, after its work or without it."""

    bare: Path
    token: str = TOKEN
    after: int | None = None
    before: int | None = None
    delay_s: float = 0.0
    redirect: str = ""
    seen: list[str] = field(default_factory=list)
    command_lines: set[bytes] = field(default_factory=set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await (await self._answer(Request(scope, receive)))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        self.seen.append(f"{request.method} {request.url.path} {request.headers.get('authorization', '')}".strip())
        self.command_lines |= set(_command_lines())
        await asyncio.sleep(self.delay_s)
        if self.redirect:
            return RedirectResponse(self.redirect + request.url.path + "?" + request.url.query)
        basic = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return PlainTextResponse("who are you", 401, {"WWW-Authenticate": 'Basic realm="git"'})
        is_push = request.url.path.endswith("git-receive-pack") and request.method == "POST"
        if self.before and is_push:
            status, self.before = self.before, None
            return Response("{}", status, media_type="application/json")
        answer = await asyncio.to_thread(self._backend, request, await request.body())
        if self.after and is_push:
            status, self.after = self.after, None
            return PlainTextResponse("lost", status)
        return answer

    def _backend(self, request: Request, body: bytes) -> Response:
        environment = {
            **ENV,
            "GIT_PROJECT_ROOT": str(self.bare.parent),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": request.url.path,
            "QUERY_STRING": request.url.query,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
            "REMOTE_USER": "x-access-token",
        }
        done = subprocess.run(["git", "http-backend"], env=environment, input=body, capture_output=True, check=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        return Response(content, int(headers.pop("Status", "200 OK").split()[0]), headers)

    def head(self, branch: str) -> str:
        """Give the head of a branch as the remote has it."""
        return git("rev-parse", f"refs/heads/{branch}", cwd=self.bare)

    def hook(self, name: str, script: str) -> None:
        """Lay a hook into the remote."""
        path = self.bare / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/sh\n" + script)
        path.chmod(0o755)


def _command_lines() -> Iterator[bytes]:
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield entry.read_bytes()


def seed(folder: Path) -> Path:
    """Make a bare repository `importers.git` whose `main` holds a little of everything."""
    work, bare = folder / "seed", folder / "served/importers.git"
    files = {
        "lib/gatherers/brightwater.rb": 'page.css("table#bills tbody tr")\n',
        "recordings/brightwater.json": '{"version": 1}\n',
        "ignored.log": "kept although ignored\n",
        ".gitignore": "*.log\nout/\n",
        ".gitattributes": "recordings export-ignore\n*.rb diff=ruby\n*.json -diff\n",
        "bin/fetch": "#!/bin/sh\n",
    }
    for name, text in files.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text)
    (work / "bin/fetch").chmod(0o755)
    (work / "blob.bin").write_bytes(bytes(range(256)))
    (work / "link").symlink_to("lib")
    git("init", "-q", "-b", "main", cwd=work)
    git("add", "-A", "-f", ".", cwd=work)
    git("commit", "-q", "-m", "Begin", cwd=work)
    bare.mkdir(parents=True)
    git("init", "-q", "--bare", "-b", "main", cwd=bare)
    git("config", "http.receivepack", "true", cwd=bare)
    git("push", "-q", str(bare), "HEAD:refs/heads/main", cwd=work)
    return bare


@contextlib.contextmanager
def git_remote(folder: Path) -> Iterator[tuple[Remote, str]]:
    """Serve a seeded repository; give the remote and its URL."""
    remote = Remote(seed(folder))
    with serving(lambda _url: remote) as url:
        yield remote, f"{url}/importers.git"
