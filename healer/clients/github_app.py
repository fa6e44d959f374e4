"""What our GitHub App may do, as GitHub says it when it gives the App a token."""

from collections.abc import Mapping

from github import Auth, GithubIntegration
from pydantic import SecretStr

from healer.clients.github_refusal import door
from healer.redact import Redactor

_SECONDS = 10


def permissions(app_id: int, installation: int, key: SecretStr, api_url: str) -> Mapping[str, str]:
    """Give the permissions of an App's installation, by name.

    Raises: UpstreamError (service `github`).
    """
    with door("asking what the App may do", Redactor()):
        app = Auth.AppAuth(app_id, key.get_secret_value())
        integration = GithubIntegration(auth=app, base_url=api_url, timeout=_SECONDS, retry=None)
        return dict(integration.get_access_token(installation).permissions)
