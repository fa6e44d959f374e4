"""Console script `healer-gate`: fetches for real, once, and leaves a report (SPEC, "Gate protocol").

Exit codes: 0 green, 1 red, 2 the gate itself could not do its work, 3 the gateway refused.
"""

from actions.console import Exit, own_version, say, start_light, wants_version


def main() -> int:
    """Run the gate of this job, or tell the version."""
    if wants_version():
        say(own_version())
        return Exit.GREEN
    start_light()
    from actions import gating  # noqa: PLC0415 - the version, asked for before each run, needs none of this

    return gating.gate()
