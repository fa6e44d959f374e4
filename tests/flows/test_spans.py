"""What flow runs tell of a case to OpenTelemetry."""

import pytest

from flow_site import wait_for
from healer import spans
from otlp import receiving

TICKETS = (781,)


@pytest.fixture(scope="module", autouse=True)
def receiver(request):
    """Listen before the flows are told where."""
    with receiving() as made:
        request.module.SETTINGS = {"OTEL_EXPORTER_OTLP_ENDPOINT": made.url}
        yield made


@pytest.mark.parametrize("desk", ["UTIL-781"], indirect=True)
def test_each_run_and_each_step_is_a_span_of_the_cases_trace(desk, receiver):
    """A run stands under the delivery, its steps under the run, in the trace whose id follows from the case."""
    desk.deliver()
    (run,) = desk.work()
    wait_for(lambda: any(span.name == "heal" for span in receiver.spans))
    told = {span.name: span for span in receiver.spans}
    assert {"heal", "admit", "diagnose", "close"} <= set(told)
    assert {span.trace for span in receiver.spans} == {f"{spans.trace_id('UTIL-781'):032x}"}
    assert told["heal"].parent == f"{spans.span_id('UTIL-781', spans.ROOT):016x}"
    assert {told[name].parent for name in ("admit", "diagnose", "close")} == {told["heal"].id}
    assert told["heal"].facts == {"healer.case": "UTIL-781", "healer.number": 0, "prefect.flow_run": run["id"]}
    assert {(span.service, span.well) for span in receiver.spans} == {("importer-healer-flows", True)}
