"""What GitHub's refusals mean, and the one place where PyGithub's exceptions end."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from github import BadAttributeException
from github.GithubException import GithubException
from requests import RequestException

from healer.clients.patience import RATE_LIMITED, asked_wait
from healer.errors import UpstreamError
from healer.redact import Redactor

_SERVER_ERROR: Final = 500
_REASONS: Final = {401: "unauthorized", 403: "forbidden", 404: "not_found", 409: "conflict", 429: RATE_LIMITED}
_REMEDIES: Final = {
    "unauthorized": "Check the App's id, installation and key, or HEALER_GITHUB_TOKEN.",
    "forbidden": "Give the App or token contents, pull requests and actions: write, on the importers repository.",
    "not_found": "Check the repository's name, and that the App is installed on it.",
}
_UNASKED_S: Final = 60.0
"""GitHub's page on rate limits: without a header wait at least one minute."""


@contextmanager
def door(what: str, redactor: Redactor) -> Iterator[None]:
    """Turn what the library raises into our own error; its texts carry headers and addresses, so none is chained.

    Raises: UpstreamError (service `github`).
    """
    try:
        yield
    except GithubException as error:
        raise _refused(what, error, redactor) from None
    except (RequestException, RuntimeError) as error:
        # RuntimeError is PyGithub's word for a redirect to another host.
        raise UpstreamError(
            f"{what}: GitHub gave no answer ({type(error).__name__}).", service="github", reason="unavailable"
        ) from None
    except (BadAttributeException, AssertionError, AttributeError, KeyError, TypeError, ValueError):
        raise UpstreamError(
            f"{what}: GitHub's answer is not of the expected form.", service="github", reason="unreadable"
        ) from None


def _refused(what: str, error: GithubException, redactor: Redactor) -> UpstreamError:
    headers, told = error.headers or {}, _message(error)
    reason = _REASONS.get(error.status, "unavailable" if error.status >= _SERVER_ERROR else "refused")
    if reason == "forbidden" and ("retry-after" in headers or "rate limit" in told.lower()):
        reason = RATE_LIMITED
    refusal = UpstreamError(
        f"{what}: GitHub answers {error.status}: {' '.join(redactor.text(told).split())[:200]}.",
        service="github",
        reason=reason,
        status=error.status,
        remedy=_REMEDIES.get(reason, ""),
    )
    if reason == RATE_LIMITED:
        refusal.retry_after = _wait(headers)
    return refusal


def _message(error: GithubException) -> str:
    """Give GitHub's own words, with the first of the details that come with a 422."""
    data = error.data if isinstance(error.data, Mapping) else {}
    details = data.get("errors")
    first = str(details[0]) if isinstance(details, list) and details else ""
    return f"{data.get('message') or 'no text'} {first}".strip()


def _wait(headers: Mapping[str, str | int]) -> float:
    """Give the seconds to wait: as asked, else until the limit is filled up again, else a minute."""
    asked = asked_wait(str(headers.get("retry-after", "")))
    if asked is not None:
        return asked
    if str(headers.get("x-ratelimit-remaining")) == "0":
        return max(float(headers.get("x-ratelimit-reset", 0)) - time.time(), 0) + 1
    return _UNASKED_S
