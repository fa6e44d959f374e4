"""Rules of where the vault's keys come from."""

import os
from pathlib import Path

import pytest

from healer.clients.vault_keys import KeyFile
from healer.envelope import KeyRing
from healer.errors import Misconfigured

TEXT = f"k2:{'B' * 43}=\nk1:{'A' * 43}=\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a file of keys as it should be."""
    (tmp_path / "keys").write_text(TEXT)
    (tmp_path / "keys").chmod(0o600)
    return tmp_path / "keys"


def test_file_of_its_owner_gives_a_key_a_line(path: Path) -> None:
    """A file that only its owner may open is read, a key a line, also through a symbolic link."""
    assert KeyRing.parse(KeyFile(path).read().get_secret_value()).writer == "k2"
    (path.parent / "link").symlink_to(path)
    path.chmod(0o400)
    assert KeyFile(path.parent / "link").read().get_secret_value() == TEXT.strip()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610, 0o602, 0o777])
def test_file_that_others_may_open_is_refused(path: Path, mode: int) -> None:
    """Any right of the group or of all others on the file is refused, and the error says what to run."""
    path.chmod(mode)
    with pytest.raises(Misconfigured, match="chmod 600") as refused:
        KeyFile(path).read()
    assert "BBBB" not in str(refused.value)


def test_what_is_no_file_of_ours_is_refused(path: Path) -> None:
    """A missing file, a folder, a file that is no text, and one of another user are refused without their content."""
    for wrong in (path.parent / "absent", path.parent):
        with pytest.raises(Misconfigured, match="vault_keys"):
            KeyFile(wrong).read()
    path.write_bytes(b"k1:\xff")
    with pytest.raises(Misconfigured, match="UnicodeDecodeError"):
        KeyFile(path).read()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_file_of_another_user_is_refused(path: Path) -> None:
    """A file that belongs to somebody else, who could change the keys, is refused."""
    os.chown(path, 65534, 65534)
    with pytest.raises(Misconfigured, match="another user"):
        KeyFile(path).read()
