"""What the gateway tells of a case to OpenTelemetry."""

from dataclasses import replace

from api.parts import AppParts
from factories import make_report
from gateway_site import Gateway
from healer import spans
from healer.clients import telemetry
from healer.redact import Redactor
from otlp import receiving


async def test_delivery_and_gate_run_are_spans_of_the_cases_trace(gateway: Gateway) -> None:
    """The delivery is the first span, the gate run stands under it; a repeated delivery and a repeated report tell nothing new."""
    with receiving() as receiver:
        told = telemetry.connect(receiver.url, "importer-healer-gateway", Redactor())
        gateway.app.state.parts = AppParts(replace(gateway.parts, telemetry=told))
        for _ in range(2):
            await gateway.deliver(delivery_id="wk_9")
        await gateway.awaiting()
        body = make_report(timings_ms={"container": 1200}).model_dump_json().encode()
        for _ in range(2):
            await gateway.report(body)
        told.close()
    first, gate = receiver.spans
    assert (first.name, first.parent, gate.name, gate.parent) == ("delivery", "", "gate diagnose", first.id)
    assert {first.trace, gate.trace} == {f"{spans.trace_id('UTIL-101'):032x}"}
    assert (gate.facts["healer.conclusion"], gate.facts["healer.ms.container"]) == ("failure", 1200)
