"""What an agent is asked to say at its end, and how it becomes an `AgentAnswer`."""

from typing import Literal

from pydantic import Field

from healer.contracts import AgentAnswer, Contract, Spend

_LONG, _LINE, _MOST = 4000, 500, 20

Breakage = Literal["selector", "flow", "data", "challenge", "portal", "unknown"]


class Said(Contract):
    """An agent's answer. It is shown to people and decides nothing."""

    diagnosis: str = Field(
        min_length=1, max_length=_LONG, description="What changed on the portal, and what relied on it."
    )
    breakage: Breakage = Field(description="What kind of change it is.")
    files: tuple[str, ...] = Field(max_length=_MOST, description="The files that you changed.")
    changes: tuple[str, ...] = Field(
        max_length=_MOST, description="One line a change: what stood there, what stands there now, why."
    )
    confidence: float = Field(ge=0, le=1, description="How sure you are that the next fetch succeeds.")
    not_fixable_because: str | None = Field(
        max_length=_LONG, description="Why you changed nothing; null where you changed something."
    )


class Opinion(Contract):
    """What a review says of a change. It may only keep a change back."""

    accept: bool = Field(description="Whether you accept the change.")
    reason: str = Field(
        min_length=1, max_length=_LONG, description="Why; where you reject it, what is wrong and where."
    )


Judged = tuple[Said, str | None] | str
"""What the agent said and why it was rejected, if it was; or why its work does not count."""


def answer(agent: str, judged: Judged, spend: Spend, confinement: str) -> AgentAnswer:
    """Make the answer of a run. Of one that does not count nothing was kept."""
    if isinstance(judged, str):
        return AgentAnswer(
            agent=agent, diagnosis=judged, unfinished_because=judged, spend=spend, confinement=confinement
        )
    said, rejected = judged
    return AgentAnswer(
        agent=agent,
        diagnosis=f"{said.diagnosis} ({said.breakage})",
        confidence=said.confidence,
        not_fixable_because=said.not_fixable_because,
        rejected_because=rejected,
        changes=tuple(line[:_LINE] for line in said.changes),
        spend=spend,
        confinement=confinement,
    )
