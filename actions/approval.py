"""Console script `healer-approval`: says whether people have approved the head of an agent's pull request.

Exit codes: 0 approved, 1 not, 2 it could not be told, which is not approved either.
"""

from actions.console import Exit, own_version, say, wants_version


def main() -> int:
    """Judge the pull request of this job's event, or tell the version."""
    if wants_version():
        say(own_version())
        return Exit.GREEN
    from actions import approving  # noqa: PLC0415 - the version needs none of this

    return approving.check()
