"""The failing fetch, as the gate saw it."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from healer.contracts.base import Contract, ImporterName


class FailureClass(StrEnum):
    """What kind of failure a fetch ended in. The first four are exit codes 3-6 of an importer."""

    SOURCE_CHANGED = "source_changed"
    SOURCE_DOWN = "source_down"
    AUTH_FAILED = "auth_failed"
    CONTRACT_BROKEN = "contract_broken"
    CRASHED = "crashed"
    TIMED_OUT = "timed_out"
    SILENT_WRONG = "silent_wrong"
    """The fetch ended with exit 0, and its bills are not true."""


class Lookup(Contract):
    """One question a gatherer asked of a page: which selector, from which source line, and how many elements answered."""

    selector: str
    kind: Literal["css", "xpath", "json", "form", "field", "link"]
    many: bool = False
    found: int = Field(ge=0)
    file: str
    line: int = Field(ge=1)


class TraceStep(Contract):
    """One page of a fetch. `page` names the text in `Trace.pages`; the URL carries no query values."""

    number: int = Field(ge=1)
    method: str
    url: str
    status: int
    content_type: str = ""
    page: str | None = None
    lookups: tuple[Lookup, ...] = ()


class Failure(Contract):
    """Where and how a fetch failed. `signature` is stable over runs of the same breakage (see SPEC, "Failure signature")."""

    kind: FailureClass
    exception: str = ""
    message: str = ""
    step: int | None = None
    selector: str | None = None
    file: str | None = None
    line: int | None = None
    signature: str


class Trace(Contract):
    """The repair pack: what a fetch saw. Pages are redacted by shape before they become a Trace (SPEC, "Trace")."""

    version: Literal[1] = 1
    importer: ImporterName
    steps: tuple[TraceStep, ...] = ()
    pages: dict[str, str] = Field(default_factory=dict)
