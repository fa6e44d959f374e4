"""The door to a receiver of OpenTelemetry's traces (OTLP over HTTP): opentelemetry.io, "OTLP Specification".

The SDK comes with the extra `otel` and is loaded only where a receiver is set. No global provider is set: what libraries would tell by
themselves, with addresses and parameters in it, goes nowhere.
"""

from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, Protocol

from healer.errors import Misconfigured
from healer.redact import Redactor
from healer.spans import Span, span_id, trace_id

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
    from opentelemetry.trace import SpanContext

_EXPORT_S: Final = 3
"""So long a receiver that does not answer may hold up the end of a process."""


class Telemetry(Protocol):
    """Takes spans. `tell` waits for nobody and never fails; `close` blocks until what was told is sent or given up."""

    def tell(self, *spans: Span) -> None:
        """Take spans that have ended."""

    def close(self) -> None:
        """Send what is left."""


class Untold:
    """Tells nobody."""

    def tell(self, *spans: Span) -> None:
        """Forget them."""

    def close(self) -> None:
        """Have nothing to send."""


UNTOLD: Final = Untold()


def connect(endpoint: str | None, service: str, redactor: Redactor) -> Telemetry:
    """Give what tells spans to the receiver at `endpoint`, as the service of that name; without one, what tells nobody.

    Raises: Misconfigured (`otel`) where there is a receiver and the extra is not installed.
    """
    if endpoint is None:
        return UNTOLD
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - an extra
    except ImportError:
        what, remedy = (
            "OTEL_EXPORTER_OTLP_ENDPOINT is set and OpenTelemetry's SDK is not here.",
            "Install importer-healer[otel].",
        )
        raise Misconfigured(what, reason="otel", remedy=remedy) from None
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=_EXPORT_S)
    resource = Resource.create({"service.name": service, "service.version": version("importer-healer")})
    return Otlp(BatchSpanProcessor(exporter), resource, redactor)


class Otlp:
    """Tells spans to a receiver, in batches, from a thread of its own."""

    def __init__(self, processor: "SpanProcessor", resource: "Resource", redactor: Redactor) -> None:
        self._processor, self._resource, self._redactor = processor, resource, redactor

    def tell(self, *spans: Span) -> None:
        """Put spans into the queue; where it is full the SDK drops them."""
        for span in spans:
            self._processor.on_end(self._readable(span))

    def close(self) -> None:
        """Send what is left, for at most seconds."""
        self._processor.shutdown()

    def _readable(self, span: Span) -> "ReadableSpan":
        from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415 - an extra
        from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 - an extra

        facts = self._redactor.data({"healer.case": span.case, **span.facts})
        return ReadableSpan(
            name=span.name,
            context=_context(span, span.key),
            parent=_context(span, span.parent) if span.parent else None,
            resource=self._resource,
            attributes=facts,
            status=Status(StatusCode.OK if span.well else StatusCode.ERROR),
            start_time=_ns(span.begun),
            end_time=_ns(span.ended),
        )


def _context(span: Span, key: str) -> "SpanContext":
    from opentelemetry.trace import SpanContext, TraceFlags  # noqa: PLC0415 - an extra

    return SpanContext(
        trace_id(span.case), span_id(span.case, key), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED)
    )


def _ns(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000) * 1000
