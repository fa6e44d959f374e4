"""The course of a gate run: settings, image, fetch, and what is shown of it."""

import signal
import sys
import traceback
from types import FrameType

from actions.commands import command
from actions.console import Exit, say
from actions.ground import Ground
from actions.timing import Stopwatch
from healer.contracts import GateMode
from healer.errors import Misconfigured
from healer.settings import ActionsSettings, RunnerSettings, load


def gate() -> Exit:
    """Run the gate of this job and say how it ended; nothing is raised."""
    signal.signal(signal.SIGTERM, _end)
    try:
        return _gate(load(RunnerSettings), load(ActionsSettings))
    except Misconfigured as error:
        say(command("error", str(error), title="healer-gate"))
    except Exception as error:  # noqa: BLE001 - Python's exit 1 would say "red" and blame a patch for our fault
        # Places only: an exception's text may hold what it choked on.
        say(command("error", f"a fault in the gate: {type(error).__name__}", title="healer-gate"))
        say(*"".join(traceback.format_tb(error.__traceback__)).splitlines())
    return Exit.BROKEN


def _gate(run: RunnerSettings, job: ActionsSettings) -> Exit:
    watch = Stopwatch()
    if run.mode is GateMode.PROBE:
        return _conclude(run, job, None, watch)
    with Ground(run, job, watch) as ground:
        return _conclude(run, job, ground, watch)


def _conclude(run: RunnerSettings, job: ActionsSettings, ground: Ground | None, watch: Stopwatch) -> Exit:
    # Half a second of imports, spent while Docker builds.
    from actions import report_file, summary  # noqa: PLC0415
    from actions.fetching import Fetching  # noqa: PLC0415
    from healer import logs  # noqa: PLC0415
    from healer.redact import Redactor  # noqa: PLC0415

    redactor = Redactor()
    logs.install(redactor, level="WARNING")
    report, found = Fetching(run, job, ground, watch, redactor).examine()
    report_file.save(report, job)
    say("::group::rake fetch", *(f"| {line}" for line in found.log), "::endgroup::")
    say(summary.annotation(report))
    if job.github_step_summary:
        with job.github_step_summary.open("a", encoding="utf-8") as page:
            page.write(summary.markdown(report))
    return found.exit


def _end(_number: int, _frame: FrameType | None) -> None:
    """End in order, so that what was made is removed; a runner sends SIGTERM to a cancelled step."""
    sys.exit(Exit.BROKEN)
