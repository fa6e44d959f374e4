"""How far a find, or what a selector as it stands still finds, may be believed: two logistic models over the evidence.

The best element of a page is not always the right one: what was sought may be gone. So its lead counts, and what speaks against it.
"""

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

from healer.element import Element
from healer.weights import FOUND, STANDS

BELIEVED: Final = 0.85
STILL_BELIEVED: Final = 0.8
_MOST: Final = 6.0
_NEAR: Final = 2.0
_LAST: Final = -10.0


class Finding(NamedTuple):
    """The best element: its points, its distance to the nearest rival and to the best claim of another old element, and its evidence."""

    element: Element
    points: float
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


def belief(finding: Finding, weights: Mapping[str, float] = FOUND) -> float:
    """Give how sure it is that the find is what was sought, 0 to 1."""
    return _sure(weights, known_of(finding))


def known_of(finding: Finding) -> dict[str, float]:
    """Give all figures by which a find is judged."""
    margin = max(0.0, min(_MOST, finding.margin))
    return {**finding.evidence, "margin": margin, "near": float(margin < _NEAR), **_claim(finding.claim)}


def known_of_standing(standing: Standing) -> dict[str, float]:
    """Give all figures by which what a selector still finds is judged."""
    known = {
        "lead": max(_LAST, min(0.0, standing.lead)),
        "counts": -float(standing.counts),
        "same": float(standing.same),
    }
    return {**standing.evidence, **known, **_claim(standing.claim)}


def still_holds(standing: Standing) -> bool:
    """Say whether the selector may be left as it is."""
    return _sure(STANDS, known_of_standing(standing)) >= STILL_BELIEVED


def _claim(claim: float) -> dict[str, float]:
    claim = max(-_MOST, min(_MOST, claim))
    return {"claim": claim, "claim_neg": min(claim, 0.0)}


def _sure(weights: Mapping[str, float], evidence: Mapping[str, float]) -> float:
    total = sum(weight * evidence.get(name, 0.0) for name, weight in weights.items() if name != "bias")
    return 1 / (1 + math.exp(-(total + weights["bias"])))
