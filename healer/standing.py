"""How far a find, or what a selector as it stands still finds, may be believed: two logistic models over the evidence.

The best element of a page is not always the right one: what was sought may be gone. So its lead counts, and what speaks against it.
"""

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

from healer.weights import FOUND, STANDS

BELIEVED: Final = 0.85
STILL_BELIEVED: Final = 0.9
_MOST: Final = 6.0
_LAST: Final = -10.0


class Finding(NamedTuple):
    """The best element: its distance to the nearest rival and to the best claim of another old element on it, and its evidence."""

    margin: float
    claim: float
    evidence: Mapping[str, float]


class Standing(NamedTuple):
    """What a selector finds now.

    `lead` says how far it is ahead of the best answer (0 or less), `claim` how far ahead of the best claim of another old element.
    `counts`: the selector tells its element by position. `same`: nothing on the new page resembles the old more.
    """

    lead: float
    claim: float
    counts: bool
    same: bool
    evidence: Mapping[str, float]


def belief(finding: Finding) -> float:
    """Give how sure it is that the find is what was sought, 0 to 1."""
    margin = max(0.0, min(_MOST, finding.margin))
    return _sure(FOUND, {**finding.evidence, "margin": margin, **_claim(finding.claim)})


def still_holds(standing: Standing) -> bool:
    """Say whether the selector may be left as it is."""
    known = {
        "lead": max(_LAST, min(0.0, standing.lead)),
        "counts": -float(standing.counts),
        "same": float(standing.same),
    }
    return _sure(STANDS, {**standing.evidence, **known, **_claim(standing.claim)}) >= STILL_BELIEVED


def _claim(claim: float) -> dict[str, float]:
    claim = max(-_MOST, min(_MOST, claim))
    return {"claim": claim, "claim_neg": min(claim, 0.0)}


def _sure(weights: Mapping[str, float], evidence: Mapping[str, float]) -> float:
    total = sum(weight * evidence[name] for name, weight in weights.items() if name != "bias")
    return 1 / (1 + math.exp(-(total + weights["bias"])))
