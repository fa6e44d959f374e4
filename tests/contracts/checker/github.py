"""GitHub's own rules beside its document, for API version 2022-11-28 (which the vendored document describes)."""

from collections.abc import Iterator

from contracts.checker.document import Operation
from contracts.checker.exchanges import BAD_REQUEST, SERVER_ERROR, Exchanges
from contracts.checker.finding import Note
from contracts.checker.listed import Listed, set_apart
from contracts.checker.record import Exchange

_VERSION = "2022-11-28"
_FORBIDDEN, _TOO_MANY, _REDIRECTS = 403, 429, 3
_QUOTA = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
MISTAKES = (
    Listed(
        "ERRATA",
        r"POST /repos/\{owner\}/\{repo\}/issues/\{issue_number\}/labels",
        r"^request at \(root\): \[('[^']*'(, )?)+\] is not of type",
        "the operation's description allows an array of names, and PyGithub sends one",
    ),
    Listed(
        "ERRATA",
        r".*",
        r"^response at .*labels/\d+/description: None is not of type 'string' .*/pull-request-simple/",
        "the same label in a single pull request may be without description",
    ),
)


def check_github(exchanges: Exchanges, operation: Operation | None, exchange: Exchange) -> Iterator[Note]:
    """Judge one exchange with GitHub's REST API."""
    name = operation.name if operation else ""
    yield from (set_apart(MISTAKES, name, note) for note in exchanges.check(operation, exchange))
    if operation is not None:
        yield from _request_headers(exchange)
        yield from _error(exchange)
        yield from _quota(exchange)


def _request_headers(exchange: Exchange) -> Iterator[Note]:
    headers = exchange.request.headers
    version = headers.get("x-github-api-version")
    if headers and not headers.get("user-agent"):
        yield "VIOLATION", "no User-Agent header, which GitHub answers with 403"
    if headers and version is None:
        yield "WARN", "no X-GitHub-Api-Version header: the service picks its default"
    elif version not in (None, _VERSION):
        yield "VIOLATION", f"X-GitHub-Api-Version {version!r} is not {_VERSION}"


def _error(exchange: Exchange) -> Iterator[Note]:
    body = exchange.response.body
    if not BAD_REQUEST <= exchange.status < SERVER_ERROR:
        return
    if not (isinstance(body, dict) and isinstance(body.get("message"), str)):
        yield "VIOLATION", "an error's body is no object with a `message`"


def _quota(exchange: Exchange) -> Iterator[Note]:
    headers, body = exchange.response.headers, exchange.response.body
    if not headers or exchange.status >= SERVER_ERROR:
        return
    missing = [name for name in _QUOTA if name not in headers]
    if missing and exchange.status // 100 != _REDIRECTS:
        yield "WARN", "the response lacks " + ", ".join(missing)
    said = str(body.get("message", "")).lower() if isinstance(body, dict) else ""
    limited = exchange.status == _TOO_MANY or (exchange.status == _FORBIDDEN and "rate limit" in said)
    if limited and "retry-after" not in headers and headers.get("x-ratelimit-remaining") != "0":
        yield "WARN", "a rate limit's answer has neither Retry-After nor x-ratelimit-remaining: 0"
