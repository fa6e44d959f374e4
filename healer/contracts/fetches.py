"""Production's fetches, as its scheduler tells them."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from healer.contracts.base import Contract, Sha

FetchResult = Literal["fetched", "failed"]


class Fetch(Contract):
    """One production fetch; `at` (UTC) is when we were told of it, `commit` the one of the importers repository that it ran.

    `structure` is a fingerprint of the pages' structure, where production takes one.
    """

    id: str
    at: datetime
    outcome: FetchResult
    commit: Sha
    bills: int = Field(default=0, ge=0)
    structure: str = Field(default="", pattern=r"^([0-9a-f]{8,64})?$")


class LastGood(Contract):
    """When bills of an importer were fetched last, how many, and by whom."""

    at: datetime
    bills: int = Field(ge=1)
    by: Literal["production", "gate"]
