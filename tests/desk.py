"""An operator's desk: types `healer` commands and reads what they answer."""

import io
import sys

import pytest

from healer import cli

KEYS = "whsec_" + "d29ya2F0by1rZXktb2YtMzItYnl0ZXMtbGVuZ3RoISE="
VAULT_KEYS = "k1:" + "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
URL = "http://gateway.example"


class _Screen(io.StringIO):
    """Standard output that is a terminal."""

    def isatty(self) -> bool:
        return True


class Desk:
    """An operator's terminal: types commands, and gives exit code, standard output and standard error."""

    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self._patch, self._capture = patch, capture

    def __call__(self, *arguments: str, stdin: str = "", screen: bool = False) -> tuple[int, str, str]:
        """Type a command; `screen` says that its standard output is a terminal."""
        self._patch.setattr(sys, "argv", ["healer", *arguments])
        self._patch.setattr(sys, "stdin", io.StringIO(stdin))
        shown = _Screen()
        with self._patch.context() as patch:
            patch.setattr(sys, "stdout", shown if screen else sys.stdout)
            with pytest.raises(SystemExit) as ended:
                cli.main()
        out, err = self._capture.readouterr()
        return int(ended.value.code or 0), out + shown.getvalue(), err
