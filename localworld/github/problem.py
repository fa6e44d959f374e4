"""A refusal, in GitHub's form."""

from collections.abc import Mapping, Sequence
from typing import Any


class Problem(Exception):
    """An answer that is no success: status, message, and what GitHub lists under `errors`."""

    def __init__(
        self,
        status: int,
        message: str,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.errors, self.headers = status, message, list(errors), dict(headers or {})

    def body(self) -> dict[str, Any]:
        """Give the JSON body."""
        found: dict[str, Any] = {
            "message": self.message,
            "documentation_url": "https://docs.github.com/rest",
            "status": str(self.status),
        }
        return {**found, "errors": self.errors} if self.errors else found


def invalid(resource: str, field: str, code: str, message: str = "") -> Problem:
    """Make the 422 of a field that GitHub does not take."""
    error = {"resource": resource, "field": field, "code": code}
    return Problem(422, "Validation Failed", [{**error, "message": message} if message else error])
