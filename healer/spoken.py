"""Comment → command: what a person tells the healer on a pull request or ticket, by a first line that begins with `/healer`.

Pure. Who may give commands is decided elsewhere; here is only what was said. Nothing but the first line counts, so that a quoted
conversation commands nothing.
"""

import re
from typing import Final, Literal, get_args

from healer.commands import Command, Order
from healer.contracts import Comment, Contract
from healer.prose import Style

PREFIX: Final = "/healer"
EXPLAIN: Final = "explain"
Name = Literal["stop", "take", "release", "retry", "budget", "publish", "explain"]
_LINE: Final = re.compile(r"/healer(?:\s+(?P<name>\S+)(?:\s+(?P<rest>.*))?)?")
_MORE: Final = re.compile(r"\+?(10|[1-9])")
_TEXT: Final = 500
_USAGE: Final = ("stop [reason]", "retry [hint]", "take", "release", "budget +N", "publish", "explain")


class Spoken(Contract):
    """A command as it was said. `text` is a reason or a hint, foreign and not redacted; `attempts` goes with `budget`."""

    name: Name
    text: str = ""
    attempts: int = 0

    def order(self, comment: Comment) -> Order:
        """Give the order that a comment's author gives with it; `explain` is none.

        Raises: ValueError for `explain`.
        """
        who: dict[str, str] = {"by": comment.author, "name": comment.name}
        return Order(command=Command(self.name), text=self.text, attempts=self.attempts, comment=comment.ref, **who)


def usage(style: Style) -> str:
    """Say what can be commanded."""
    commands = ", ".join(style.code(one) for one in _USAGE)
    return f"{style.code(PREFIX)} takes on its first line: {commands}. N is 1 to 10."


def query(project: str, hours: int) -> str:
    """Give the JQL for the tickets on which something may have been said in the last hours."""
    return f"project = {project} AND updated >= -{hours}h ORDER BY updated ASC"


def is_addressed(comment: str) -> bool:
    """Say whether a comment speaks to the healer, whether or not it can be understood."""
    return comment.lstrip().partition("\n")[0].strip().split(" ")[0] == PREFIX


def read(comment: str) -> Spoken | None:
    """Give the command of a comment's first line; None where it is none, or cannot be understood."""
    said = _LINE.fullmatch(comment.lstrip().partition("\n")[0].strip())
    if said is None or said["name"] not in get_args(Name):
        return None
    name, rest = said["name"], (said["rest"] or "").strip()
    if name == "budget":
        more = _MORE.fullmatch(rest)
        return Spoken(name=name, attempts=int(more[1])) if more else None
    if name in {"stop", "retry"}:
        return Spoken(name=name, text=rest[:_TEXT])
    return None if rest else Spoken(name=name)
