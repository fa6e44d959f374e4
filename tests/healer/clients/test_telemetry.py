"""Rules of the door to OpenTelemetry: off unless a receiver is set, one trace a case, and nobody waits for a receiver."""

import subprocess
import sys
import time
from datetime import timedelta

import pytest

from factories import NOW
from healer import spans
from healer.clients import telemetry
from healer.errors import Misconfigured
from healer.redact import Redactor
from healer.settings import FlowSettings, GatewaySettings, SinkSettings, load, secret_names, secret_values
from localworld.redis import free_port
from otlp import receiving

SPAN = spans.Span(
    "UTIL-7", "gate verify", "gate:1:1", NOW, NOW + timedelta(seconds=2), well=False, facts={"healer.attempt": 2}
)
FIRST = spans.Span("UTIL-7", "delivery", spans.ROOT, NOW, NOW + timedelta(milliseconds=3), parent=None)


def test_spans_arrive_as_one_trace():
    """What is told arrives by OTLP with ids, times, parent, end and facts, under the service's name."""
    with receiving() as receiver:
        told = telemetry.connect(receiver.url, "importer-healer-gateway", Redactor())
        told.tell(FIRST, SPAN)
        told.close()
    first, second = receiver.spans
    assert {first.trace, second.trace} == {f"{spans.trace_id('UTIL-7'):032x}"}
    assert (first.parent, second.parent) == ("", first.id)
    assert (second.service, second.name, second.ms, second.well) == (
        "importer-healer-gateway",
        "gate verify",
        2000,
        False,
    )
    assert second.facts == {"healer.case": "UTIL-7", "healer.attempt": 2}


def test_secrets_are_masked_here_too():
    """Facts are ours, and pass redaction all the same."""
    with receiving() as receiver:
        told = telemetry.connect(receiver.url, "test", Redactor(["portal-password-1"]))
        told.tell(
            spans.Span("UTIL-7", "delivery", spans.ROOT, NOW, NOW, facts={"healer.importer": "portal-password-1"})
        )
        told.close()
    assert [span.facts["healer.importer"] for span in receiver.spans] == ["***"]
    assert b"portal-password" not in b"".join(receiver.raw)


def test_a_receiver_that_is_away_holds_nobody_up():
    """Telling returns at once, and closing gives up after seconds."""
    told = telemetry.connect(f"http://127.0.0.1:{free_port()}", "test", Redactor())
    began = time.monotonic()
    told.tell(SPAN)
    assert time.monotonic() - began < 1
    told.close()
    assert time.monotonic() - began < 10


def test_without_a_receiver_nothing_is_loaded():
    """A base install needs no SDK: with none to be had, gateway and flows build their doors, and only a receiver's address asks for it."""
    code = (
        "import sys; sys.modules['opentelemetry.sdk'] = None; sys.modules['opentelemetry.exporter'] = None\n"
        "from healer.clients import telemetry; from healer.redact import Redactor\n"
        "telemetry.connect(None, 'test', Redactor()).close()\n"
        "try: telemetry.connect('http://127.0.0.1:9', 'test', Redactor())\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("Misconfigured OTEL_EXPORTER_OTLP_ENDPOINT is set"), done.stderr
    assert "importer-healer[otel]" in done.stdout


def test_settings_have_opentelemetrys_own_names(monkeypatch):
    """The standard variables hold: an address without a login, and headers that every process of ours takes for a secret."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer made-up-key-1")
    assert {"made-up-key-1"} < {part.removeprefix("Bearer ") for part in secret_values(load(SinkSettings))}
    assert "OTEL_EXPORTER_OTLP_HEADERS" in secret_names()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "https://user:password@tracing.example")
    for room in (GatewaySettings, FlowSettings):
        with pytest.raises(Misconfigured, match=r" OTEL_EXPORTER_OTLP_ENDPOINT \(string_pattern_mismatch\)"):
            load(room)
