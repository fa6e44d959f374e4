"""Signed commits: an SSH key that lies in a file for as long as git needs it (git-scm.com, `gpg.format`)."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr


@contextmanager
def signing(key: SecretStr | None, folder: Path) -> Iterator[tuple[tuple[str, ...], Mapping[str, str]]]:
    """Give git's arguments and configuration with which `commit-tree` signs; without a key it does not.

    The key is in a file of mode 0600 in `folder`, and gone with the context.
    """
    if key is None:
        yield (), {}
        return
    place = folder / "signing-key"
    try:
        with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(key.get_secret_value().strip() + "\n")
        yield ("-S",), {"gpg.format": "ssh", "user.signingKey": str(place)}
    finally:
        place.unlink(missing_ok=True)
