"""A receiver of OpenTelemetry's traces as tests use it: OTLP over HTTP, in protobuf, on loopback."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving import serving


@dataclass(frozen=True)
class Told:
    """One span that arrived."""

    service: str
    trace: str
    id: str
    parent: str
    name: str
    ms: float
    well: bool
    facts: dict[str, Any]


@dataclass
class Receiver:
    """Where it listens, and what arrived; `raw` is the requests as they came."""

    url: str = ""
    spans: list[Told] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        """Take an export request."""
        body = await request.body()
        self.raw.append(body)
        for batch in ExportTraceServiceRequest.FromString(body).resource_spans:
            (service,) = [one.value.string_value for one in batch.resource.attributes if one.key == "service.name"]
            for scope in batch.scope_spans:
                self.spans += [_told(service, span) for span in scope.spans]
        return Response(media_type="application/x-protobuf")


def _told(service: str, span: Any) -> Told:
    facts = {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}
    took = (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6
    ids = (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex())
    return Told(service, *ids, span.name, took, span.status.code == 1, facts)


@contextlib.contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen until the context ends."""
    receiver = Receiver()
    with serving(lambda _: Starlette(routes=[Route("/v1/traces", receiver.take, methods=["POST"])])) as url:
        receiver.url = url
        yield receiver
