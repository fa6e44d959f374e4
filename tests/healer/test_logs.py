"""Rules of logging, seen from outside: what a process writes to standard error."""

import json
import subprocess
import sys
from typing import Any

SETUP = """
import logging, sys, threading, warnings
from healer.logs import install
from healer.redact import Redactor
install(Redactor(["hunter22", "50012345"]), "INFO", adopt=["uvicorn"])
log = logging.getLogger("test")
"""


def _lines(program: str) -> list[dict[str, Any]]:
    argv = [sys.executable, "-c", SETUP + program]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert "hunter22" not in done.stderr + done.stdout
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_record_is_one_redacted_json_line() -> None:
    """A record becomes one JSON line whose message, arguments and extra fields are redacted."""
    (line,) = _lines(
        "log.info('login %s\\nfor %d', 'hunter22', 50012345, extra={'case': 'UTIL-1', 'env': {'p': 'hunter22'}})"
    )
    assert line["message"] == "login ***\nfor ***"
    assert (line["level"], line["logger"], line["case"], line["env"]) == ("info", "test", "UTIL-1", {"p": "***"})
    assert line["at"].endswith("+00:00")


def test_traceback_is_redacted() -> None:
    """The text of an exception and of its causes is redacted, the traceback kept."""
    (line,) = _lines("""
try:
    try:
        raise KeyError('hunter22')
    except KeyError as cause:
        raise ValueError('no hunter22 here') from cause
except ValueError:
    log.exception('failed')
""")
    assert "ValueError: no *** here" in line["exception"]
    assert "KeyError" in line["exception"]


def test_handlers_of_others_get_redacted_records() -> None:
    """A handler that a library brings, on a logger that does not propagate, sees the redacted message only."""
    lines = _lines("""
class Own(logging.StreamHandler):
    def format(self, record):
        return '{"own": "%s %s"}' % (record.getMessage(), record.exc_info)
other = logging.getLogger('other'); other.propagate = False; other.addHandler(Own())
try:
    raise ValueError('hunter22')
except ValueError:
    other.warning('a %s', 'hunter22', exc_info=True)
""")
    assert lines == [{"own": "a *** None"}]


def test_warning_and_uncaught_exceptions_are_logged_redacted() -> None:
    """Warnings, and exceptions that nobody caught in the main or another thread, are log lines too."""
    lines = _lines("""
warnings.warn('beware of hunter22')
def fail(): raise OSError('hunter22 in thread')
thread = threading.Thread(target=fail); thread.start(); thread.join()
raise RuntimeError('hunter22')
""")
    assert [line["logger"] for line in lines] == ["py.warnings", "healer.uncaught", "healer.uncaught"]
    assert "RuntimeError: ***" in lines[2]["exception"]


def test_arguments_that_do_not_fit_lose_nothing() -> None:
    """A message whose arguments do not fit is logged, without them."""
    (line,) = _lines("log.info('%d logins', 'hunter22')")
    assert line["message"] == "%d logins (its arguments do not fit)"


def test_adopted_logger_speaks_through_the_root() -> None:
    """An adopted logger loses its own handlers and writes our lines."""
    program = "logging.getLogger('uvicorn').propagate = False; install(Redactor(['hunter22']), adopt=['uvicorn'])\n"
    (line,) = _lines(program + "logging.getLogger('uvicorn').info('hunter22 started')")
    assert line["message"] == "*** started"
