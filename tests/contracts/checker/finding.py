"""What the checker says about a record."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["VIOLATION", "WARN", "ERRATA", "DATA_CENTER"]
Note = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One remark about one line of a record.

    `VIOLATION` breaks the contract; `WARN` is legal but undocumented; `ERRATA` breaks a rule that the vendor's own examples
    break at the same place; `DATA_CENTER` is a listed difference of JIRA Data Center from the Cloud document.
    """

    kind: Kind
    where: str
    what: str
