"""What handing in needs of a job's environment: read without pydantic's settings, whose import takes longer than the handing in."""

import os
import re
from pathlib import Path
from typing import NamedTuple

from pydantic import SecretStr

from healer.errors import Misconfigured

_PRIVATE = r"localhost|127(\.\d+){3}|10(\.\d+){3}|192\.168(\.\d+){2}|172\.(1[6-9]|2\d|3[01])(\.\d+){2}"
GATEWAY_URL = rf"^(https://[^\s@]+|http://({_PRIVATE})(:\d+)?(/[^\s@]*)?)$"
"""Logins travel on this way: in clear only where they do not leave the machine or its private network."""
_NEEDED = {
    "HEALER_URL": GATEWAY_URL,
    "RUNNER_TEMP": r"/.+",
    "GITHUB_RUN_ID": r"[0-9]{1,19}",
    "GITHUB_RUN_ATTEMPT": r"[1-9][0-9]{0,8}",
    "ACTIONS_ID_TOKEN_REQUEST_URL": r".+",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": r".+",
}


class Handing(NamedTuple):
    """Where the report of this job lies, and how it is handed in. `url` is the gateway's."""

    url: str
    runner_temp: Path
    github_run_id: int
    github_run_attempt: int
    token_url: str
    token: SecretStr


def handing() -> Handing:
    """Read it.

    Raises: Misconfigured naming every missing or wrong variable, without its value.
    """
    given = {name: os.environ.get(name, "") for name in _NEEDED}
    wrong = [name for name, form in _NEEDED.items() if not re.fullmatch(form, given[name])]
    if wrong:
        raise Misconfigured(
            f"settings missing or wrong: {', '.join(wrong)}.", reason="settings", remedy="See README, Settings."
        )
    url, temp, run_id, attempt, token_url, token = given.values()
    return Handing(url, Path(temp), int(run_id), int(attempt), token_url, SecretStr(token))
