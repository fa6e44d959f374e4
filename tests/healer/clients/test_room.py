"""The bound of a container's writable directory."""

import os

from healer.clients import room


def test_little_fits_and_much_does_not(tmp_path):
    """Bytes count as they lie on disk, also in subdirectories; a large file without content does not."""
    (tmp_path / "sub").mkdir()
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(room.BYTES_MAX * 2)
    assert not room.is_overfull(tmp_path)
    with (tmp_path / "sub" / "full").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, room.BYTES_MAX + 1)
    assert room.is_overfull(tmp_path)


def test_many_empty_files_do_not_fit(tmp_path):
    """Files cost room also where they are empty."""
    for number in range(room.ENTRIES_MAX + 1):
        os.mknod(tmp_path / str(number))
    assert room.is_overfull(tmp_path)


def test_links_lead_nowhere(tmp_path):
    """A link to a large directory, or to itself, is an entry and no more."""
    (tmp_path / "root").symlink_to("/")
    (tmp_path / "loop").symlink_to(".")
    assert not room.is_overfull(tmp_path)
    assert not room.is_overfull(tmp_path / "absent")
