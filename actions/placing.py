"""The line of Ruby that a silent wrong is about. A fetch that ended well has no backtrace: the field that is wrong names its line."""

import re
from pathlib import Path
from typing import Final

from actions import results
from healer.contracts import Check, Failure, Importer

_SOURCE_MAX: Final = 1 << 20
_FIELDS: Final = {
    "amount": ("amount_in_pdf", "amount_plausible", "amount_parses", "known_bills_unchanged"),
    "account": ("account_known", "account_present", "logins_differ"),
    "due_date": ("due_after_period", "due_date_sane"),
    "period_end": ("periods_ordered", "period_sane", "follows_last_good"),
    "currency": ("one_currency", "currency_known", "currency_iso"),
    "meter_reading": ("reading_parses",),
    "pdf": ("pdfs_differ", "pdf_is_new", "pdf_present", "pdf_is_pdf", "pdf_sha256"),
}
_FIELD_OF: Final = {check: field for field, checks in _FIELDS.items() for check in checks}
_PARTS: Final = {
    "account": "account",
    "amount": "amount",
    "end": "period_end",
    "reading": "meter_reading",
    "pdf": "pdf",
}
"""What the mutated replay calls the parts of a bill (`healer.mutation`)."""
_METHOD: Final = re.compile(r"\s*def\s+gather\b")


def placed(failure: Failure | None, checks: tuple[Check, ...], importer: Importer, tree: Path) -> Failure | None:
    """Give the failure with its place in the importer's first file, where it has none of its own and one can be told."""
    broken = [check for check in checks if not check.passed]
    if (
        failure is None
        or failure.file
        or (failure.exception and not failure.exception.startswith("gate check "))
        or not broken
    ):
        return failure
    path = importer.paths[0]
    source = results.read(tree, path, _SOURCE_MAX)
    line = line_of(source.decode(errors="replace"), broken[0]) if source else None
    return failure.model_copy(update={"file": path, "line": line}) if line else failure


def line_of(source: str, check: Check) -> int | None:
    """Give the line that builds the field which the check is about, else that of the method `gather`; None where neither is there."""
    part = check.detail.rpartition(": ")[2].partition(",")[0]
    field = _FIELD_OF.get(check.name) or (_PARTS.get(part) if check.name == "follows_the_pages" else None)
    lines = source.splitlines()
    built = re.compile(rf"\b{field}:\s") if field else _METHOD
    found = (number for pattern in (built, _METHOD) for number, line in enumerate(lines, 1) if pattern.search(line))
    return next(found, None)
