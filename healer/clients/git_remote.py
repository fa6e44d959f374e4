"""The remote of the importers repository: HTTPS with a token, or SSH with a deploy key, and what it says when it refuses."""

import base64
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from healer.clients.git_command import GitCommand, Output
from healer.errors import Misconfigured, UpstreamError
from healer.redact import Redactor

_REASON_LIMIT: Final = 300
_HTTP: Final = ("http", "https")
_NO_LOGIN: Final = ("Authentication failed", "could not read Username", "Permission denied (", "error: 401")
_REJECTED, _FORBIDDEN, _WORD = "rejected]", "error: 403", "remote:"
"""GitHub says in words why it forbids a push; a 403 without a word is a limit, which passes."""


class Login:
    """How we log in. `token` gives a fresh one for each call; `ssh_key` is a deploy key's file, `known_hosts` where keys are kept."""

    def __init__(
        self, token: Callable[[], SecretStr] | None = None, ssh_key: Path | None = None, known_hosts: Path | None = None
    ) -> None:
        self._token, self._ssh_key, self._known_hosts = token, ssh_key, known_hosts

    def environment(self) -> dict[str, str]:
        """Give the ssh command with the deploy key. It reads no configuration and trusts a host's first key only."""
        if self._ssh_key is None:
            return {}
        options = ["IdentitiesOnly=yes", "BatchMode=yes", "StrictHostKeyChecking=accept-new"]
        options += [f"UserKnownHostsFile={self._known_hosts}"] if self._known_hosts else []
        words = ["ssh", "-F", "/dev/null", "-i", str(self._ssh_key), *(w for option in options for w in ("-o", option))]
        return {"GIT_SSH_COMMAND": shlex.join(words)}

    def config(self, url: str, redactor: Redactor) -> dict[str, str]:
        """Give the header for this one URL; as configuration by environment it is in no argument, file or address."""
        if self._ssh_key or self._token is None:
            return {}
        token = self._token().get_secret_value()
        basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
        redactor.add([token, basic])
        return {f"http.{url}.extraHeader": f"Authorization: Basic {basic}"}


class Remote:
    """One remote, named by its URL alone: nothing about it is written into the repository.

    Every method raises UpstreamError (service `git`): `unavailable`, `unauthorized`, `timed_out`.
    """

    def __init__(self, url: str, command: GitCommand, login: Login, redactor: Redactor) -> None:
        self._url, self._command, self._login, self._redactor = url, command, login, redactor

    def fetch(self, refs: str = "refs/heads/*") -> None:
        """Make all local branches, or those of a pattern with one `*`, what the remote's are."""
        quiet = ("--quiet", "--prune", "--no-tags", "--no-write-fetch-head")
        self._run("fetch", *quiet, "--", self._url, f"+{refs}:{refs}")

    def head(self, ref: str) -> str | None:
        """Give what a full ref names at the remote."""
        lines = self._run("ls-remote", "--", self._url, ref).out.decode().splitlines()
        return next((sha for sha, _, name in (line.partition("\t") for line in lines) if name == ref), None)

    def push(self, sha: str, ref: str, expected: str | None) -> None:
        """Set a full ref from `expected` (None: absent) to `sha`.

        Raises: UpstreamError `push_refused` with the remote's reason.
        """
        lease = f"--force-with-lease={ref}:{expected or ''}"
        self._run("push", "--porcelain", "--no-verify", lease, "--", self._url, f"{sha}:{ref}")

    def _run(self, *arguments: str) -> Output:
        config = self._login.config(self._url, self._redactor)
        done = self._command.run(*arguments, config=config, environment=self._login.environment())
        if done.code:
            raise self._refusal(arguments[0], done)
        return done

    def _refusal(self, name: str, done: Output) -> UpstreamError:
        told = f"{done.out.decode('utf-8', 'replace')}\n{done.err}"
        if name == "push" and (_REJECTED in told or (_FORBIDDEN in told and _WORD in told)):
            lines = [line for line in told.splitlines() if line.startswith(("!", "remote:", "fatal:"))]
            return UpstreamError(
                f"the remote refused the push: {short(self._redactor, ' '.join(lines))}",
                service="git",
                reason="push_refused",
                remedy="Look at the branch's head and rules; where a person took the branch over, leave it to them.",
            )
        reason = "unauthorized" if any(sign in told for sign in _NO_LOGIN) else "unavailable"
        return UpstreamError(f"git {name} failed: {short(self._redactor, done.err)}", service="git", reason=reason)


def short(redactor: Redactor, text: str) -> str:
    """Redact what git or a remote said, and cut it to one short line."""
    return " ".join(redactor.text(text).split())[:_REASON_LIMIT]


def checked(url: str) -> str:
    """Give the URL back.

    Raises: Misconfigured where it holds a login.
    """
    if urlsplit(url).scheme in _HTTP and "@" in urlsplit(url).netloc:
        raise Misconfigured(
            "the repository's URL holds a login.", reason="login_in_url", remedy="Give the token as a setting."
        )
    return url


def protocol(url: str) -> str:
    """Name the protocol of a URL as git does: `host:path` is ssh, a bare path is a file."""
    if "://" in url:
        return urlsplit(url).scheme
    return "ssh" if re.match(r"[^/]+:", url) else "file"
