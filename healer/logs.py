"""Logging of every process: one JSON object per line on standard error, redacted before any handler sees it.

Redaction happens twice. The record factory renders message, arguments and traceback at once and redacts them, for every logger
and every handler, also those that others add. What a record gets later (`extra`) is redacted by the filter on our own handler.
"""

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType

from healer.redact import Redactor

_OWN_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def _render(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError, AttributeError):
        return f"{record.msg} (its arguments do not fit)"


def _traceback(record: logging.LogRecord) -> str | None:
    error = record.exc_info[1] if record.exc_info else None
    return "".join(traceback.format_exception(error)).rstrip() if error else None


class RedactingFilter(logging.Filter):
    """Redacts a record in place: message with its arguments, traceback, stack, and each extra field."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self.redactor = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact; never drop."""
        record.msg, record.args = self.redactor.text(_render(record)), None
        text = record.exc_text or _traceback(record)
        record.exc_info, record.exc_text = None, self.redactor.text(text) if text else None
        record.stack_info = self.redactor.text(record.stack_info) if record.stack_info else None
        for name in vars(record).keys() - _OWN_FIELDS:
            setattr(record, name, self._extra(getattr(record, name)))
        return True

    def _extra(self, value: object) -> object:
        plain = isinstance(value, str | int | float | bool | dict | list | tuple | None)
        return self.redactor.data(value) if plain else self.redactor.text(str(value))


class JsonLine(logging.Formatter):
    """Writes a record as one line: `at` (UTC), `level`, `logger`, `message`, the extra fields, and `exception` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Give the line. Values that JSON lacks are shown as text."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _OWN_FIELDS}
        if record.exc_text:
            line["exception"] = record.exc_text
        return json.dumps(line, ensure_ascii=False, default=str).encode("utf-8", "replace").decode("utf-8")


def _redact_every_record(redactor: Redactor) -> None:
    redact = RedactingFilter(redactor)
    plain = logging.LogRecord

    def factory(*args: object, **kwargs: object) -> logging.LogRecord:
        record = plain(*args, **kwargs)  # type: ignore[arg-type] # logging's own signature, passed on
        redact.filter(record)
        return record

    logging.setLogRecordFactory(factory)


def _log_what_nobody_caught() -> None:
    log = logging.getLogger("healer.uncaught")

    def on_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            log.critical("uncaught exception", exc_info=(kind, error, trace))

    def on_thread_exception(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            on_exception(args.exc_type, args.exc_value, args.exc_traceback)

    def on_unraisable(args: "sys.UnraisableHookArgs") -> None:
        if args.exc_value is not None:
            on_exception(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook, threading.excepthook, sys.unraisablehook = on_exception, on_thread_exception, on_unraisable


def install(redactor: Redactor, level: str = "INFO", adopt: Iterable[str] = ()) -> None:
    """Make this process log redacted JSON lines: messages, arguments, extras, tracebacks, warnings, uncaught exceptions.

    `adopt` names loggers whose own handlers are taken away, so that their records go through the root.
    Calling it again replaces what the earlier call set.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine())
    handler.addFilter(RedactingFilter(redactor))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in adopt:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    _redact_every_record(redactor)
    logging.captureWarnings(True)
    _log_what_nobody_caught()
