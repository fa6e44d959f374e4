"""Settings of OpenTelemetry; a part of the gateway's and the flows' (`healer.settings`, which reads them)."""

from typing import Final

from pydantic import BaseModel, Field, SecretStr

HEADERS: Final = "OTEL_EXPORTER_OTLP_HEADERS"
"""May hold the receiver's key."""


class TelemetrySettings(BaseModel):
    """Whether each case is told as a trace, and to whom.

    The names are OpenTelemetry's own, and its SDK reads the others of them itself (`OTEL_RESOURCE_ATTRIBUTES` …).
    """

    otlp_endpoint: str | None = Field(
        default=None, pattern=r"^https?://[^\s@]+$", validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT"
    )
    otlp_headers: SecretStr | None = Field(default=None, validation_alias=HEADERS)
    """For the redactor; the SDK reads it again."""
