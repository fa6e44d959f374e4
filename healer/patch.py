"""An agent's work → Patch, or the reasons why it is refused."""

from collections.abc import Sequence

from healer import guard
from healer.contracts import AgentAnswer, FileChange, Importer, Patch, Refusal


def accept(
    changes: Sequence[FileChange], diff: str, answer: AgentAnswer, importer: Importer
) -> Patch | tuple[Refusal, ...]:
    """Give the patch where the guard refuses nothing, else every refusal; work without any change has the code `empty`.

    What a review rejected is refused with the code `review` besides.
    `changes` and `diff` are two views of one pair of git trees; the guard judges the trees.
    """
    if not changes or not diff.strip():
        return (Refusal(code="empty", path="", detail="nothing was changed"),)
    refusals = guard.judge(changes, importer)
    if answer.rejected_because:
        refusals = (*refusals, Refusal(code="review", path="", detail=answer.rejected_because))
    if refusals:
        return refusals
    return Patch(diff=diff, files=tuple(change.path for change in changes), answer=answer)
