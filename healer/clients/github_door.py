"""How we reach GitHub's REST API, as an App installation or with a token: one repository, its login, and steps through one door.

Reads are repeated by the transport, writes never: each write looks first, so that a step whose answer got lost can be run
again. Rate limits are waited for here and with a limit; PyGithub's own waiting obeys any `Retry-After`, also one of an hour.
"""

import logging
from collections.abc import Callable
from typing import Final, TypeVar

from github import Auth, Github
from github.Repository import Repository
from pydantic import SecretStr
from urllib3.util import Retry

from healer.clients.github_refusal import door
from healer.clients.patience import patiently
from healer.errors import Misconfigured, UpstreamError
from healer.redact import Redactor

API_VERSION: Final = "2022-11-28"
_PAGE: Final = 100

T = TypeVar("T")


def github_auth(
    token: SecretStr | None = None,
    app_id: int | None = None,
    installation: int | None = None,
    key: SecretStr | None = None,
) -> Auth.Auth:
    """Make the login: an App's installation (id, installation, PEM key) where there is one, else the token.

    Raises: Misconfigured `github_login` where neither is complete, `github_key` where the key signs nothing.
    """
    if app_id and installation and key:
        app = Auth.AppAuth(app_id, key.get_secret_value())
        _prove(app)
        return Auth.AppInstallationAuth(app, installation)
    if token:
        return Auth.Token(token.get_secret_value())
    raise Misconfigured(
        "there is no login for GitHub.",
        reason="github_login",
        remedy="Set HEALER_GITHUB_APP_ID, HEALER_GITHUB_APP_INSTALLATION and HEALER_GITHUB_APP_KEY, or HEALER_GITHUB_TOKEN.",
    )


def _prove(app: Auth.AppAuth) -> None:
    """Sign once: a broken key must show at start, and its error may quote it."""
    try:
        app.create_jwt()
    except Exception:  # noqa: BLE001 - PyJWT and cryptography share no base class, and none of their texts may get out
        raise Misconfigured(
            "the GitHub App's key cannot sign.",
            reason="github_key",
            remedy="Give the whole PEM in HEALER_GITHUB_APP_KEY.",
        ) from None


class Door:
    """The importers repository at GitHub; `api_url` is `https://api.github.com` or `https://HOST/api/v3`.

    `pace_s` is kept between writes, as GitHub asks for. Every method raises UpstreamError (service `github`): `unauthorized`,
    `forbidden`, `not_found`, `conflict`, `refused`, `rate_limited`, `unavailable`, `unreadable`.
    """

    def __init__(
        self,
        api_url: str,
        auth: Auth.Auth,
        repository: str,
        *,
        pace_s: float = 1.0,
        timeout_s: int = 20,
        patience_s: float = 60.0,
    ) -> None:
        # At DEBUG PyGithub logs bodies, among them the one that brings an installation token.
        logging.getLogger("github").setLevel(logging.WARNING)
        self._auth, self._name, self._patience_s = auth, repository, patience_s
        self._redactor = Redactor([auth.token] if isinstance(auth, Auth.Token) else [])
        self._github = Github(
            auth=auth,
            base_url=api_url,
            user_agent="importer-healer",
            api_version=API_VERSION,
            timeout=timeout_s,
            per_page=_PAGE,
            retry=Retry(
                total=3,
                backoff_factor=0.2,
                status_forcelist=(500, 502, 503, 504),
                allowed_methods=("GET", "HEAD", "OPTIONS"),
                raise_on_status=False,
                respect_retry_after_header=False,
            ),
            seconds_between_requests=0,
            lazy=True,
            seconds_between_writes=pace_s,
        )

    def ready(self) -> None:
        """Prove that GitHub answers, knows us and shows us the repository."""
        with door("reading the repository", self._redactor):
            self._github.get_repo(self._name).complete()

    def git_token(self) -> SecretStr:
        """Give a token for git over HTTPS: ours, or an installation token that is fresh for this call."""

        def step() -> SecretStr:
            with door("getting an installation token", self._redactor):
                return SecretStr(self._auth.token)

        return patiently(step, self._patience_s)

    # ------------------------------------------------------------ steps

    def _do(self, what: str, step: Callable[[Repository], T]) -> T:
        """Run a step through the door, again from its beginning where GitHub asks us to wait."""

        def through() -> T:
            with door(what, self._redactor):
                return step(self._github.get_repo(self._name))

        return patiently(through, self._patience_s)

    def _unless_missing(self, what: str, step: Callable[[Repository], T]) -> T | None:
        try:
            return self._do(what, step)
        except UpstreamError as error:
            if error.reason == "not_found":
                return None
            raise
