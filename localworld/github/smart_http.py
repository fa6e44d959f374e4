"""Git over HTTP: `git http-backend` on the bare repositories, with GitHub's rules about who may push what."""

import asyncio
import os
from collections.abc import Mapping
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

from localworld.github.bare import ZERO
from localworld.github.call import allow, secret_of
from localworld.github.model import Caller, Repository
from localworld.github.problem import Problem
from localworld.github.pushes import Push, pushed
from localworld.github.store import Store
from localworld.github.webhooks import Webhooks

_CHALLENGE = {"WWW-Authenticate": 'Basic realm="GitHub"'}
_HOOK = r"""#!/bin/sh
# GitHub's rules for pushes; GH_* come from the server.
zero=0000000000000000000000000000000000000000
while read -r old new ref; do
  case " $GH_PROTECTED " in *" $ref "*) echo "error: GH006: Protected branch update failed for $ref." >&2; exit 1 ;; esac
  [ "$new" = $zero ] && continue
  [ "$GH_WORKFLOWS" = write ] && continue
  if [ "$old" = $zero ]; then range="$new --not --all"; else range="$old..$new"; fi
  file=$(git log --format= --name-only $range -- .github/workflows | head -n 1)
  if [ -n "$file" ]; then
    echo "refusing to allow a GitHub App to create or update workflow \`$file\` without \`workflows\` permission" >&2
    exit 1
  fi
done
"""


def install_hook(repository: Repository) -> None:
    """Lay the rules beside the repository."""
    hook = repository.git.path / "hooks/pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(_HOOK)
    hook.chmod(0o755)


class SmartHttp:
    """Serves `/OWNER/REPO.git/…`."""

    def __init__(self, store: Store, hooks: Webhooks) -> None:
        self._store, self._hooks = store, hooks
        for repository in store.repositories.values():
            install_hook(repository)

    async def __call__(self, request: Request) -> Response:
        """Serve one request of git."""
        try:
            return await self._serve(request)
        except Problem as problem:
            headers = _CHALLENGE if problem.status == 401 else {}
            return Response(problem.message, problem.status, headers, media_type="text/plain")

    async def _serve(self, request: Request) -> Response:
        owner, name, rest = request.path_params["owner"], request.path_params["repo"], request.path_params["rest"]
        repository = self._store.repository(f"{owner}/{name}")
        caller = self._store.caller(secret_of(request.headers.get("authorization", "")))
        writes = "git-receive-pack" in f"{rest} {request.url.query}"
        allow(caller, "contents", "write" if writes else "read")
        before = repository.git.branches() if rest == "git-receive-pack" else None
        head, body = _split(await self._backend(request, repository, caller, rest))
        if before is not None:
            await asyncio.to_thread(self._announce, repository, before, caller)
        return Response(body, int(head.pop("Status", "200").split()[0]), head)

    async def _backend(self, request: Request, repository: Repository, caller: Caller, rest: str) -> bytes:
        body = await request.body()
        env = {
            "PATH": os.defpath,
            "GIT_PROJECT_ROOT": str(repository.git.path),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_SYSTEM": "/dev/null",
            "PATH_INFO": "/" + unquote(rest),
            "REQUEST_METHOD": request.method,
            "QUERY_STRING": request.url.query,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "HTTP_GIT_PROTOCOL": request.headers.get("git-protocol", ""),
            "REMOTE_USER": caller.login,
            "GH_PROTECTED": " ".join(f"refs/heads/{b}" for b in repository.protected),
            "GH_WORKFLOWS": caller.may.get("workflows", "none"),
        }
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(
            "git", "http-backend", env=env, stdin=pipe, stdout=pipe, stderr=pipe
        )
        out, _ = await child.communicate(body)
        return out

    def _announce(self, repository: Repository, before: Mapping[str, str], caller: Caller) -> None:
        after = repository.git.branches()
        for name in sorted({*before, *after}):
            old, new = before.get(name, ZERO), after.get(name, ZERO)
            if old != new:
                pushed(self._store, self._hooks, repository, Push(f"refs/heads/{name}", old, new, caller.login))


def _split(answer: bytes) -> tuple[dict[str, str], bytes]:
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = (line.partition(": ") for line in head.decode("latin-1").split("\r\n"))
    return {name: value for name, _, value in lines if name}, body
