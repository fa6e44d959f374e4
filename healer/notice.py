"""What the ticket says about a case: one sticky comment in JIRA's wiki markup, and the status that the ticket is moved to.

Every outcome has its own words, an owner and a next step, so that nobody has to ask what happened.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from healer import best, called_off, outcomes, prose, turns
from healer.contracts import ENDED, Attempt, Case, Event, Importer, Reason, State
from healer.outcomes import Wording
from healer.publish import Addresses

_EVIDENCE: Final = 900
_NO_PULL: Final = "No pull request was opened."
_ENGINEER: Final = "an engineer of {owner}"
_NEW_TICKET: Final = "When that is done, a new ticket about this importer starts a new healing."

REASONS: Final[dict[Reason, Wording]] = {
    Reason.SITE_DOWN: Wording(
        "The portal does not answer. The importer is not at fault as far as anyone can tell.",
        "nobody for now",
        "The healer looks again by itself.",
    ),
    Reason.CREDENTIAL: Wording(
        "The portal refuses the login.",
        "{owner}",
        "Check the account at the portal, then renew the credential in the vault (healer credential put) or say that it is right "
        "(healer credential open). The login is not tried again until then; the healer watches for it and looks again by itself.",
    ),
    Reason.MFA: Wording(
        "The portal asks for a second factor.",
        "{owner}",
        "Arrange access without a second factor, or fetch by hand. " + _NEW_TICKET,
    ),
    Reason.CAPTCHA: Wording(
        "The portal asks for a CAPTCHA. The healer never tries to get past one.",
        "{owner}",
        "Agree with the utility on access for machines, or fetch by hand. " + _NEW_TICKET,
    ),
    Reason.ANTI_BOT: Wording(
        "The portal defends itself against automated visits. The healer never evades such a defence.",
        "{owner}",
        "Agree with the utility on access for machines, or fetch less often. " + _NEW_TICKET,
    ),
    Reason.NO_NEW_BILL: Wording(
        "The importer works; the portal has no bill to give.",
        "nobody for now; {owner}, where a bill should be there",
        "The healer waits for the next bill, and then looks again by itself.",
    ),
    Reason.ALREADY_HEALED: Wording(
        "The importer fetches its bills again, unchanged.",
        "nobody",
        "Nothing is left to do; the ticket is closed.",
    ),
    Reason.AMBIGUOUS: Wording(
        "The evidence does not say what should be changed.",
        _ENGINEER,
        "Look at the gate run below and decide what is right.",
    ),
    Reason.OUT_OF_SCOPE: Wording(
        "This is not a breakage that the healer may mend.",
        _ENGINEER,
        "Look at the evidence and mend it by hand.",
    ),
    Reason.LOGINS_SPENT: Wording(
        "The portal's logins of this importer are used up for now, or cool off after a refused one. Nothing is known about the importer.",
        "nobody for now",
        "The healer begins again by itself when a login is free.",
    ),
    Reason.ATTEMPTS_SPENT: Wording(
        "All attempts failed at the gate. " + _NO_PULL,
        _ENGINEER,
        "Begin with the best candidate named below; the gate runs show why each one failed.",
    ),
    Reason.SAME_FAILURE: Wording(
        "Two attempts ended in the same failure, so the healer stopped. " + _NO_PULL,
        _ENGINEER,
        "Begin with the best candidate named below; the gate runs show the failure.",
    ),
    Reason.NO_PATCH: Wording(
        "The agent found no change that would mend the importer.",
        _ENGINEER,
        "Mend it by hand; the gate run below shows the page.",
    ),
    Reason.PATCH_REFUSED: Wording(
        "The agent's changes broke the rules for changes and were not pushed.",
        _ENGINEER,
        "The case keeps the refused changes and the reasons; the best candidate is named below.",
    ),
    Reason.PUSH_REFUSED: Wording(
        "GitHub refused the branch, or somebody else has committed to it. The healer keeps its hands off.",
        _ENGINEER,
        "Look at the branch; delete it if the healer may begin again. " + _NEW_TICKET,
    ),
    Reason.GATE_BROKEN: Wording(
        "The gate could not be run to its end, several times. Nothing is known about the importer.",
        "the healer's operators",
        "Look at the gate runs below. " + _NEW_TICKET,
    ),
    Reason.UNKNOWN_IMPORTER: Wording(
        "No such importer is in importers.toml.",
        "whoever wrote the ticket",
        "Correct the importer's name in the ticket, or enter the importer.",
    ),
    Reason.TICKET_MISMATCH: Wording(
        "The ticket does not fit what was sent about it.",
        "whoever wrote the ticket",
        "Correct the ticket's project, type, status or component.",
    ),
    Reason.CREDENTIAL_MISSING: Wording(
        "The vault has no credential for this importer.",
        "{owner}",
        "Store the credential in the vault. " + _NEW_TICKET,
    ),
    Reason.NOT_CONFIRMED: Wording(
        "The change was merged and deployed, and production's fetch failed with it.",
        _ENGINEER,
        "Look at production's fetch; revert the merge, or let the healer begin again (healer case retry).",
    ),
    Reason.TURNED_DOWN: Wording(
        "People have closed a pull request for this very failure without merging it, so the healer makes no other.",
        _ENGINEER,
        "Mend it by hand, or let the healer begin again (healer case retry), best with a hint.",
    ),
    Reason.BUDGET_SPENT: Wording(
        "What the healer's agents may spend is spent, so the case rests. Nothing is known against the importer.",
        "the healer's operators",
        "A ledger of a day or a month is free again by itself, and the healer goes on then. For more than that allow this case more "
        "(healer case budget), or raise the limit, and let it begin again (healer case retry).",
    ),
    Reason.OVER_LIMIT: Wording(
        "The healer has as many cases as it may have at once or in a day. This one is not lost: it waits in the line.",
        "nobody for now",
        "It begins when it is its turn and there is room. Its place is told by the case.",
    ),
    **outcomes.SUPERSEDED_BY,
}

STATES: Final[dict[State, Wording]] = {
    State.PUBLISHED: Wording(
        "Healed, and proved on the live portal. A pull request waits for review.",
        "a reviewer of {owner}",
        "Review and merge it; deploying stays with you.",
    ),
    State.MERGED: Wording(
        "Healed and merged. The ticket is closed when production has fetched with the merged change.",
        "whoever deploys for {owner}",
        "Deploy it; the next production fetch that has the change in it decides.",
    ),
    State.CONFIRMED: Wording(
        "Healed, merged, deployed, and production has fetched with it.",
        "nobody",
        "Nothing is left to do; the ticket is closed.",
    ),
    State.OBSERVED: Wording(
        "A change was found. This importer is only observed, so there is no pull request.",
        _ENGINEER,
        "The case holds the proposed change; healer case publish lets the healer go on to a draft pull request.",
    ),
    State.BRANCH_ONLY: Wording(
        "Healed on a branch, and proved on the live portal. This importer gets no pull request from the healer.",
        _ENGINEER,
        "Open a pull request from the branch, or let the healer do it (healer case publish), if you agree.",
    ),
    State.CLOSED_UNMERGED: Wording(
        "Healed on a branch, and proved on the live portal; but its pull request was closed by a person and stays closed.",
        _ENGINEER,
        "Open it again, if the change is wanted after all.",
    ),
    State.QUEUED: Wording(
        "Another case is healing the same importer.",
        "nobody for now",
        "This case goes on when the other one has ended.",
    ),
    State.STOPPED: Wording(
        "A person has stopped the healer. It does nothing more about this ticket.",
        _ENGINEER,
        "Mend it by hand, or let the healer begin again (healer case retry).",
    ),
    State.TAKEN: Wording(
        "A person has taken this over. The healer keeps its hands off; its branch, if there is one, stays.",
        "the person named above",
        "When that is done, give it back (healer case release) or close the ticket.",
    ),
    State.SUPERSEDED: outcomes.SUPERSEDED,
}

BEGUN_AGAIN: Final = Wording(
    "A person has let the healer begin again.",
    "nobody for now",
    "The healer diagnoses the importer anew and says here how it ends.",
)


class Statuses(NamedTuple):
    """The names of the project's own statuses."""

    review: str
    waiting: str
    done: str


def is_told(case: Case) -> bool:
    """Say whether the ticket hears of this state; what happens on the way is for the Prefect UI.

    A case that was begun again tells so: its ticket has heard of an end.
    """
    return case.state in STATES or case.state in {State.NOT_FIXED, State.NEEDS_ENGINEER} or _is_begun_again(case)


def _is_begun_again(case: Case) -> bool:
    return case.first > 0 and case.state not in ENDED and case.state is not State.QUEUED


def target_status(case: Case, statuses: Statuses) -> str | None:
    """Say to which status the ticket is moved, or None where it stays: engineers sort their queue; what proved wrong opens again."""
    if case.state is State.NOT_FIXED and case.reason is Reason.ALREADY_HEALED:
        return statuses.done
    if case.reason is Reason.NOT_CONFIRMED:
        return statuses.waiting
    if case.state is State.SUPERSEDED and not case.ticket_status:
        return statuses.review  # it was published before, and whoever should have told so had died
    ends = {State.PUBLISHED: statuses.review, State.CONFIRMED: statuses.done, State.NOT_FIXED: statuses.waiting}
    return ends.get(case.state)


def wording(case: Case) -> Wording:
    """Give what the state and reason of a case mean, for a case whose ticket is told of it."""
    if _is_begun_again(case):
        return BEGUN_AGAIN
    if case.state in STATES and not turns.is_in_line(case):
        return STATES[case.state]
    return REASONS[case.reason or Reason.AMBIGUOUS]


def comment(case: Case, importer: Importer | None, addresses: Addresses, events: Sequence[Event] = ()) -> str:
    """Give the sticky comment about where the case stands now. `importer` is None where the registry does not know it."""
    words = wording(case)
    owner = words.owner.format(owner=prose.wiki(importer.owner) if importer else "the importers' team")
    lines = [
        f"h3. Importer Healer: {_headline(case)}",
        _what(case, words),
        *([f"*{_label(case)}:* {prose.wiki(case.reason_text, _EVIDENCE)}"] if case.reason_text else []),
        *called_off.words(case, events),
        f"*Who acts:* {owner}",
        f"*What next:* {words.then}{_next_check(case)}",
        "",
        *_places(case, addresses),
    ]
    return "\n".join(lines) + "\n"


def _what(case: Case, words: Wording) -> str:
    """Give what an outcome means; where a red end shows its best candidate, that there is a draft."""
    has_draft = case.state is State.NEEDS_ENGINEER and case.pull_request is not None and case.pull_request.draft
    draft = "A draft pull request shows the best candidate; it is red and must not be merged as it is."
    return f"{words.what.removesuffix(_NO_PULL)}{draft}" if has_draft else words.what


def _label(case: Case) -> str:
    return "Note" if case.state in {State.STOPPED, State.TAKEN} else "Evidence"


def _headline(case: Case) -> str:
    state = case.state.value.replace("_", " ")
    return f"{state} ({case.reason.value})" if case.reason else state


def _next_check(case: Case) -> str:
    return f" Next look: {case.next_check:%Y-%m-%d %H:%M} UTC." if case.next_check else ""


def _places(case: Case, addresses: Addresses) -> list[str]:
    pull = case.pull_request
    found = outcomes.places(case)
    found += (
        [f"* Gate on the base branch: [run {case.diagnosis.run.run_id}|{case.diagnosis.run.url}]"]
        if case.diagnosis
        else []
    )
    found += [line for attempt in case.attempts for line in _attempt(attempt)]
    best_one = (
        best.words(case, "{{{{{}}}}}".format) if case.state is State.NEEDS_ENGINEER and (not pull or pull.draft) else ""
    )
    found += [f"* Best candidate: {best_one}"] if best_one else []
    return [*found, f"* [Case|{addresses.case}] · [runs in Prefect|{addresses.prefect}]"]


def _attempt(attempt: Attempt) -> list[str]:
    if attempt.run:
        verdict = attempt.verdict.conclusion.value if attempt.verdict else "without a verdict"
        return [f"* Attempt {attempt.number}: [run {attempt.run.run_id}|{attempt.run.url}], {verdict}"]
    return (
        [f"* Attempt {attempt.number}: {prose.wiki('; '.join(attempt.refusals), _EVIDENCE)}"]
        if attempt.refusals
        else []
    )
