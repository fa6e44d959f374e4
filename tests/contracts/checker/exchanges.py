"""One exchange judged by a vendor's document: operation, request, status, response."""

from collections.abc import Iterator

from contracts.checker.dialect import Json
from contracts.checker.document import Document, Operation, media
from contracts.checker.finding import Note
from contracts.checker.parameters import check_parameters
from contracts.checker.record import Exchange
from contracts.checker.schemas import Schemas
from contracts.checker.undocumented import undocumented

# Any service answers these anywhere, documented or not.
_ANYWHERE = {304, 400, 401, 403, 404, 405, 406, 409, 410, 413, 415, 422, 429, 500, 502, 503, 504}
NO_CONTENT, FOUND, NOT_MODIFIED, BAD_REQUEST, SERVER_ERROR = 204, 302, 304, 400, 500


class Exchanges:
    """Judges exchanges by one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._schemas = Schemas(document)

    def check(self, operation: Operation | None, exchange: Exchange) -> Iterator[Note]:
        """Give all that is to be said about an exchange with an operation of the document."""
        if operation is None:
            # A service that knows no such path either is right to say so.
            refused = exchange.status in {404, 405}
            yield "WARN" if refused else "VIOLATION", "no such operation in the contract"
            return
        yield from check_parameters(self.document, operation, exchange)
        yield from self._request(operation, exchange)
        yield from _status(operation, exchange)
        yield from self._response(operation, exchange)

    def _request(self, operation: Operation, exchange: Exchange) -> Iterator[Note]:
        content, body = media(operation.request), exchange.request.body
        if content is None:
            if body not in (None, {}) and not operation.request.get("content"):
                yield "WARN", "a request body where the contract has none"
        elif body is None:
            if operation.request.get("required") and exchange.status < BAD_REQUEST:
                yield "VIOLATION", "the request body is missing"
        elif isinstance(body, str) and not self._takes_text(content):
            yield from _unless_refused(exchange, [("VIOLATION", "the request body is not JSON")])
        else:
            yield from _unless_refused(exchange, self._judged("request", content["schema"], body))

    def _response(self, operation: Operation, exchange: Exchange) -> Iterator[Note]:
        status, body, headers = exchange.status, exchange.response.body, exchange.response.headers
        content = media(_answer(operation, status) or {})
        if status == FOUND and headers and "location" not in headers:
            yield "VIOLATION", "302 without a Location header"
        if status == NO_CONTENT and body is not None:
            yield "VIOLATION", "204 with a body"
        # What a gateway in front of the service says of its failure follows no contract.
        if status in {NO_CONTENT, NOT_MODIFIED} or status >= SERVER_ERROR or not (content and self._asks(content)):
            return
        if body is None or (isinstance(body, str) and not self._takes_text(content)):
            yield "VIOLATION", "the response body is missing" if body is None else "the response body is not JSON"
            return
        if headers and "json" not in headers.get("content-type", ""):
            yield "VIOLATION", f"the response's content type {headers.get('content-type')!r} is not JSON"
        yield from self._judged("response", content["schema"], body)

    def _judged(self, side: str, schema: Json, body: Json) -> Iterator[Note]:
        for known, text in self._schemas.faults(schema, body):
            yield "ERRATA" if known else "VIOLATION", f"{side} {text}"
        for path in sorted(undocumented(self.document, schema, body)):
            yield "WARN", f"{side} member {path} is not documented"

    def judge_body(self, schema: Json, body: Json) -> Iterator[Note]:
        """Judge a webhook's payload."""
        return self._judged("payload", schema, body)

    def _asks(self, content: Json) -> bool:
        return bool(set(self.document.resolve(content["schema"])) - {"description"})

    def _takes_text(self, content: Json) -> bool:
        kind = self.document.resolve(content["schema"]).get("type")
        return kind is None or "string" in kind


def _answer(operation: Operation, status: int) -> Json:
    return operation.responses.get(str(status)) or operation.responses.get(f"{status // 100}XX")


def _status(operation: Operation, exchange: Exchange) -> Iterator[Note]:
    if _answer(operation, exchange.status) is None:
        documented = ", ".join(operation.responses) or "none"
        kind = exchange.status in _ANYWHERE
        yield "WARN" if kind else "VIOLATION", f"status {exchange.status} is not documented (documented: {documented})"


def _unless_refused(exchange: Exchange, notes: Iterator[Note] | list[Note]) -> Iterator[Note]:
    """Lower violations of a request that the service refused: that is right behaviour of the service."""
    for kind, what in notes:
        yield "WARN" if kind == "VIOLATION" and exchange.status >= BAD_REQUEST else kind, what
