"""Patch → Candidate: the names under which a case's work is known to git and to the gate.

All are functions of the case and the attempt, so that a step that runs again finds what it left: one branch, one commit, one dispatch.
The message holds no foreign text: JIRA obeys commands in commit messages, and GitHub closes issues by them.
"""

from hashlib import sha256
from typing import Final

from unidiff.patch import PatchSet

from healer.contracts import Attempt, Case, CaseId, Correlation, FailureClass, GateMode
from healer.guard import POLICY_VERSION

_HASH_DIGITS: Final = 8
_WHAT_BROKE: Final[dict[FailureClass, str]] = {
    FailureClass.SOURCE_CHANGED: "the portal's page changed",
    FailureClass.SOURCE_DOWN: "the portal did not answer",
    FailureClass.AUTH_FAILED: "the portal refused the login",
    FailureClass.CONTRACT_BROKEN: "the bills broke their contract",
    FailureClass.CRASHED: "the importer crashed",
    FailureClass.TIMED_OUT: "the fetch did not end",
    FailureClass.SILENT_WRONG: "the bills were not true",
}


def branch_name(case: CaseId) -> str:
    """Give the one branch of a case, without `refs/heads/`."""
    return f"heal/{case}"


def correlation(case: Case, attempt: int) -> Correlation:
    """Give the word by which the dispatch of an attempt is recognised: `<TICKET>-<attempt>-<8 hex digits>`.

    It depends on when the case was opened, so that a ticket that is healed anew never finds an old run.
    """
    seed = f"{case.id}\n{attempt}\n{case.opened_at.isoformat()}"
    return f"{case.id}-{attempt}-{sha256(seed.encode()).hexdigest()[:_HASH_DIGITS]}"


def inputs(case: Case, attempt: int, mode: GateMode, base_sha: str, *, with_base: bool = False) -> dict[str, str]:
    """Give the inputs of the gate's `workflow_dispatch` (SPEC §4); GitHub takes strings only."""
    return {
        **({"with_base": "true"} if with_base else {}),
        "case": case.id,
        "attempt": str(attempt),
        "mode": mode.value,
        "importer": case.importer,
        "base_sha": base_sha,
        "correlation": correlation(case, attempt),
    }


def files(diff: str) -> tuple[str, ...]:
    """Give the paths that a diff of ours changes."""
    return tuple(file.path for file in PatchSet(diff))


def commit_message(case: Case, attempt: Attempt, paths: tuple[str, ...], prompt_version: str) -> str:
    """Give subject, body and trailers of an attempt's commit. `paths` are those that the guard let through."""
    kind = case.diagnosis.failure.kind if case.diagnosis and case.diagnosis.failure else FailureClass.CRASHED
    paragraphs = [f"Heal {case.importer}: {_WHAT_BROKE[kind]}", "\n".join(f"Changes {path}" for path in paths)]
    return "\n\n".join([*paragraphs, "\n".join(_trailers(case, attempt, prompt_version))]) + "\n"


def _trailers(case: Case, attempt: Attempt, prompt_version: str) -> list[str]:
    """Give the lines by which a case is recovered from git alone."""
    trailers = [
        f"Healer-Case: {case.id}",
        f"Healer-Attempt: {attempt.number}",
        f"Healer-Prompt-Version: {prompt_version}",
        f"Healer-Policy-Version: {POLICY_VERSION}",
    ]
    return trailers + ([f"Healer-Gate-Run: {case.diagnosis.run.run_id}"] if case.diagnosis else [])
