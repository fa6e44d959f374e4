"""What JIRA's refusals mean: what the library raises becomes our own error, by status, with what to do about it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from jira import JIRAError
from requests import RequestException

from healer.clients.patience import RATE_LIMITED, asked_wait
from healer.errors import UpstreamError

_SERVER_ERROR: Final = 500
_UNAVAILABLE: Final = 503
_REASONS: Final = {
    400: "refused",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    409: "conflict",
    413: "refused",
    429: RATE_LIMITED,
}
_REMEDIES: Final = {
    "unauthorized": "Check HEALER_JIRA_TOKEN, and HEALER_JIRA_USER on Cloud.",
    "forbidden": "Give the healer's JIRA account the right to browse, comment, edit, link, attach and transition in the project.",
}


@contextmanager
def door(what: str, short: Callable[[str], str]) -> Iterator[None]:
    """Turn what the library raises into our own error. Its texts carry addresses and headers, so none is chained.

    `short` redacts and cuts what JIRA says.

    Raises: UpstreamError.
    """
    try:
        yield
    except JIRAError as error:
        raise refused(what, error, short) from None
    except RequestException as error:
        raise UpstreamError(
            f"{what}: JIRA gave no answer ({type(error).__name__}).", service="jira", reason="unavailable"
        ) from None
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UpstreamError(
            f"{what}: JIRA's answer is not of the expected form.", service="jira", reason="unreadable"
        ) from None


def refused(what: str, error: JIRAError, short: Callable[[str], str]) -> UpstreamError:
    """Put a refusal into our words."""
    status, response = error.status_code or 0, error.response
    wait = asked_wait(response.headers.get("Retry-After")) if response is not None else None
    reason = _REASONS.get(status, "unavailable" if status >= _SERVER_ERROR else "refused")
    if status == _UNAVAILABLE and wait is not None:
        reason = RATE_LIMITED
    refusal = UpstreamError(
        f"{what}: JIRA answers {status}: {short(error.text or 'no text')}.",
        service="jira",
        reason=reason,
        status=status,
        remedy=_REMEDIES.get(reason, ""),
    )
    refusal.retry_after = wait
    return refusal
