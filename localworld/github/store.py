"""The state of the stand-in: repositories, people, tokens, runs; one lock around all of it."""

import itertools
import secrets
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import jwt

from localworld.github.bare import Bare
from localworld.github.model import Caller, Repository, Run
from localworld.github.problem import Problem
from localworld.github.templates import Templates

TOKEN_S = 3600


@dataclass
class Store:
    """Everything that GitHub would keep in a database. `url` is what answers carry as the address of this host."""

    root: Path
    config: dict[str, Any]
    url: str
    templates: Templates
    lock: threading.RLock = field(default_factory=threading.RLock)
    repositories: dict[str, Repository] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    installation_tokens: dict[str, float] = field(default_factory=dict)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1_000_001))

    def __post_init__(self) -> None:
        """Open the repositories that the configuration names."""
        for n, entry in enumerate(self.config["repositories"], 1):
            git = Bare(self.root / "repos" / f"{entry['name']}.git")
            kept = {k: v for k, v in entry.items() if k in ("private", "variables")}
            protected = tuple(entry.get("protected", ()))
            number = entry.get("id", 9000 + n)
            self.repositories[entry["name"]] = Repository(number, entry["name"], git, protected=protected, **kept)
        self.users.update(self.config.get("users", {}))

    @property
    def api(self) -> str:
        """Give the base of the REST API."""
        return f"{self.url}/api/v3"

    @property
    def app_login(self) -> str:
        """Give the login under which the App acts."""
        return f"{self.config['app']['slug']}[bot]"

    def new_id(self) -> int:
        """Give an id that nothing else has."""
        return next(self._ids)

    def user_id(self, login: str) -> int:
        """Give a person's id."""
        return self.users.setdefault(login, 500 + len(self.users))

    def repository(self, name: str) -> Repository:
        """Find a repository.

        Raises: Problem 404.
        """
        try:
            return self.repositories[name]
        except KeyError:
            raise Problem(404, "Not Found") from None

    def run(self, repository: Repository, run_id: int) -> Run:
        """Find a run.

        Raises: Problem 404.
        """
        found = self.runs.get(run_id)
        if found is None or found.repository != repository.name:
            raise Problem(404, "Not Found")
        return found

    # ------------------------------------------------------------ who calls

    def caller(self, secret: str) -> Caller:
        """Find who a token or JWT belongs to.

        Raises: Problem 401.
        """
        for entry in self.config.get("tokens", ()):
            if secrets.compare_digest(entry["token"], secret):
                return Caller(entry["login"], entry["permissions"])
        if self.installation_tokens.get(secret, 0) > time.time():
            return Caller(self.app_login, self.config["app"]["permissions"], "installation")
        if secret.count(".") == 2:
            return self._app(secret)
        raise Problem(401, "Bad credentials")

    def _app(self, token: str) -> Caller:
        app = self.config["app"]
        try:
            jwt.decode(token, app["public_key"], algorithms=["RS256"], issuer=str(app["id"]), leeway=60)
        except jwt.PyJWTError:
            raise Problem(401, "A JSON web token could not be decoded") from None
        return Caller(app["slug"], {}, "app")

    def new_installation_token(self) -> str:
        """Make a token of the installation."""
        token = "ghs_" + secrets.token_urlsafe(32).replace("-", "a").replace("_", "b")[:36]
        self.installation_tokens[token] = time.time() + TOKEN_S
        return token

    def dump(self) -> dict[str, Any]:
        """Give what people may see of the state, without tokens."""
        with self.lock:
            repositories = {
                name: {
                    "pulls": [asdict(p) for p in r.pulls.values()],
                    "comments": [asdict(c) for c in r.comments.values()],
                }
                for name, r in self.repositories.items()
            }
            return {"repositories": repositories, "runs": [asdict(run) for run in self.runs.values()]}
