"""What a warm child process does: it becomes `python -m prefect.engine` without starting an interpreter or importing anything."""

import runpy
import sys

from prefect.context import refresh_global_settings_context

from flows import authorities
from healer import logs
from healer.programs import replace_environment
from healer.redact import Redactor


def execute(environment: dict[str, str]) -> None:
    """Run the flow run that the environment names (`PREFECT__FLOW_RUN_ID`), exactly as the stock runner's child does."""
    replace_environment(environment)
    authorities.share()
    logs.install(Redactor(), level="WARNING")  # by form alone, until the flow's own parts bring what its settings hold
    refresh_global_settings_context()
    sys.modules.pop("prefect.engine", None)  # it is about to run as the main module
    sys.argv[:] = ["prefect.engine"]
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)
