"""How far a selector that still finds something may be believed, where no element of the new page is surely the answer.

A linear model: its weights are those of a logistic regression over the development pairs of `bench.pairs`, projects kept apart in its
cross-validation; at the least belief that suffices, about 3 in 100 of what it believed was wrong there.
"""

import math
from typing import Final, NamedTuple

from healer.portrait import Portrait
from healer.resemblance import anchor
from healer.wording import alike

BELIEVED: Final = 0.92
_BIAS: Final = 0.374
_MOST: Final = 10.0
_NEAR: Final = 6.0


class Standing(NamedTuple):
    """What a selector found (`was`) and finds now.

    `lead` says how far it is ahead of the best answer (0 or less), `claim` how far ahead of the best claim of
    another old element. `counts`: the selector tells its element by position. `best`: nothing on the new page resembles the old more.
    """

    was: Portrait
    now: Portrait
    lead: float
    claim: float
    counts: bool
    best: bool


def belief(standing: Standing) -> float:
    """Give how sure it is that the selector still finds the same thing, 0 to 1."""
    was, now = standing.was, standing.now
    evidence = (
        0.339 * max(-_MOST, min(0.0, standing.lead))
        + 0.09 * max(-_NEAR, min(_NEAR, standing.claim))
        + 0.894 * anchor(was, now)
        - 1.056 * standing.counts
        + 0.178 * standing.best
        + 0.713 * alike(was.label, now.label)
        + 3.092 * (was.shape is now.shape)
    )
    return 1 / (1 + math.exp(-(evidence + _BIAS)))
