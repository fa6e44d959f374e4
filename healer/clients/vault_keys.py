"""Where the vault's keys come from: a setting, a file, or a parameter in AWS SSM. Never from Redis, which holds what they seal."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from healer.errors import Misconfigured

_MOST_BYTES = 64 * 1024


class KeySource(Protocol):
    """Gives the text of the keys, in the form that `KeyRing.parse` reads."""

    def read(self) -> SecretStr:
        """Read it now.

        Raises: Misconfigured (`vault_keys`), UpstreamError.
        """
        ...


@dataclass(frozen=True)
class Setting:
    """The text itself, from the environment."""

    text: SecretStr

    def read(self) -> SecretStr:
        """Give it."""
        return self.text


@dataclass(frozen=True)
class KeyFile:
    """A file that nobody but its owner may open, and whose owner is this process' user or root."""

    path: Path

    def read(self) -> SecretStr:
        """Read it; the file that was checked is the one that is read.

        Raises: Misconfigured (`vault_keys`).
        """
        try:
            with self.path.open("rb") as file:
                self._check(os.fstat(file.fileno()))
                return SecretStr(file.read(_MOST_BYTES).decode("ascii").strip())
        except (OSError, UnicodeDecodeError) as error:
            raise self._refusal(f"cannot be read ({type(error).__name__})", "Give it to this process' user.") from None

    def _check(self, status: os.stat_result) -> None:
        if not stat.S_ISREG(status.st_mode):
            raise self._refusal("is no regular file", "Name a file.")
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise self._refusal(
                "may be opened by others than its owner", "Run chmod 600 on it, or mount it with mode 0400."
            )
        if status.st_uid not in {0, os.geteuid()}:
            raise self._refusal("belongs to another user", "Give it to this process' user or to root.")

    def _refusal(self, why: str, remedy: str) -> Misconfigured:
        return Misconfigured(f"the file of the vault's keys, {self.path}, {why}.", reason="vault_keys", remedy=remedy)
