"""How JIRA says no."""


class Problem(Exception):
    """A refusal in JIRA's own form: a status, messages, and messages by field."""

    def __init__(self, status: int, *messages: str, fields: dict[str, str] | None = None) -> None:
        super().__init__(*messages)
        self.status, self.messages, self.fields = status, list(messages), fields or {}

    def body(self) -> dict[str, object]:
        """Give the JSON body."""
        return {"errorMessages": self.messages, "errors": self.fields}


def no_such_ticket() -> Problem:
    """Make the answer for a ticket that is not there or not ours to see: JIRA does not tell which."""
    return Problem(404, "Issue does not exist or you do not have permission to see it.")


def not_on_screen(field: str) -> str:
    """Say that a field cannot be set here."""
    return f"Field '{field}' cannot be set. It is not on the appropriate screen, or unknown."
