"""Console script `healer-report`: hands the report to the gateway, or says for the gate that it left none.

Exit codes: 0 handed in, 2 not, 3 the gateway refused it.
"""

from actions.console import Exit, own_version, say, start_light, wants_version


def main() -> int:
    """Hand in the report of this job, or tell the version."""
    if wants_version():
        say(own_version())
        return Exit.GREEN
    start_light()
    from actions import reporting  # noqa: PLC0415 - the version, asked for before each run, needs none of this

    return reporting.hand_in()
