"""Rules of reading folders for the leak audit."""

import os

from healer.audit import Search, examine
from healer.clients.sinks import files
from healer.clients.sinks.files import FilesSink

SECRET = "plain-secret-77"


def found(*folders, **options):
    return examine("files", FilesSink(folders, **options).pieces(), Search([SECRET]))


def test_every_file_is_searched_by_its_path(tmp_path):
    """A value in any file below the folder is told by the file's path; links and pipes are passed over."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/run.log").write_text(f"x {SECRET} y")
    (tmp_path / "clean").write_text("nothing")
    (tmp_path / "link").symlink_to(tmp_path / "a/b/run.log")
    os.mkfifo(tmp_path / "pipe")
    finding = found(tmp_path)
    assert dict(finding.places) == {str(tmp_path / "a/b/run.log"): 1}
    assert (finding.pieces, finding.unread) == (2, "")


def test_a_value_across_two_chunks_is_found(tmp_path):
    """A file larger than one reading is searched across the seam."""
    size = files._CHUNK - len(SECRET) // 2
    (tmp_path / "large").write_bytes(b"-" * size + SECRET.encode() + b"-" * 100)
    assert found(tmp_path).hits == 1


def test_what_another_sink_reads_is_left_out(tmp_path):
    """A folder that is left out by name is not read."""
    (tmp_path / "mirror.git").mkdir()
    (tmp_path / "mirror.git/x").write_text(SECRET)
    assert found(tmp_path, without=("mirror.git",)).pieces == 0


def test_a_folder_that_is_not_there_is_unread(tmp_path):
    """A folder that is named and not there is unread, and the others are read all the same."""
    (tmp_path / "x").write_text(SECRET)
    finding = found(tmp_path / "none", tmp_path)
    assert (finding.hits, str(tmp_path / "none") in finding.unread) == (1, True)


def test_a_path_that_cannot_be_read_is_unread(tmp_path):
    """A file that is there and cannot be opened is told; it is not clean."""
    name = tmp_path / "x"
    name.write_text("nothing")
    refused: list[str] = []
    assert list(files._chunks(tmp_path / "x" / "below", refused)) == []
    assert refused == [str(name / "below")]
