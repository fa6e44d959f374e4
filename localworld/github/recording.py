"""The record of exchanges without the tokens that this GitHub hands out itself."""

from typing import Any

from localworld.record import REDACTED, Record


class Discreet(Record):
    """A record in which no answer holds an installation token."""

    def append(self, line: dict[str, Any]) -> None:
        """Add one line."""
        body = line.get("response_body")
        if str(line.get("url", "")).endswith("/access_tokens") and isinstance(body, dict) and "token" in body:
            line = {**line, "response_body": {**body, "token": REDACTED}}
        super().append(line)
