"""Reading what a hostile container left."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions import results
from factories import make_pdf
from healer.clients.pdf import Reader


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "result"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.json").write_text('{"a": 1}')
    (folder / "sub" / "b.pdf").write_bytes(make_pdf("Amount due 12.30"))
    (tmp_path / "outside.json").write_text('{"secret": 1}')
    return folder


def test_a_regular_file_is_read(root):
    """Files below the directory are read, also in its subdirectories."""
    assert results.read(root, "a.json", 100) == b'{"a": 1}'
    assert results.read(root, "sub/b.pdf", 1000) == make_pdf("Amount due 12.30")


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../outside.json",
        "sub/../a.json",
        "/etc/passwd",
        "a.json/",
        "sub//b.pdf",
        "sub",
        "x\0",
        "a/" * 9 + "b",
    ],
)
def test_names_that_lead_elsewhere_are_not_read(root, name):
    """Absolute names, `..`, empty parts, directories and very deep names give nothing."""
    assert results.read(root, name, 100) is None


def test_no_link_is_followed(root):
    """A link as the file, as a directory on the way, or as the directory itself gives nothing."""
    (root / "link.json").symlink_to("../outside.json")
    (root / "dir").symlink_to("..")
    (root.parent / "linked").symlink_to(root)
    assert results.read(root, "link.json", 100) is None
    assert results.read(root, "dir/outside.json", 100) is None
    assert results.read(root.parent / "linked", "a.json", 100) is None


@pytest.mark.timeout(5)
def test_a_pipe_holds_nobody_up(root):
    """A named pipe without a writer gives nothing, at once."""
    os.mkfifo(root / "pipe")
    assert results.read(root, "pipe", 100) is None


def test_what_is_too_large_is_not_read(root):
    """A file over the cap gives nothing rather than its beginning."""
    assert results.read(root, "a.json", 7) is None


@given(st.text(max_size=20))
def test_any_name_is_read_or_not_without_an_error(name):
    """No name raises."""
    assert results.read(Path("/nonexistent"), name, 100) is None


@pytest.mark.parametrize("text", ["[1]", "{", '{"a": NaN}', '{"a": 1, "a": 2}', '{"a": "\\ud800"}', "[" * 9999])
def test_json_that_readers_could_read_differently_is_none(root, text):
    """What is no strict JSON object counts as absent."""
    (root / "x.json").write_text(text)
    assert results.read_json(root, "x.json", 100_000) is None


def test_pdfs_are_told_by_hash_and_text(root):
    """A PDF is known by its SHA-256 and by its text; what does not open has none, and what is not there is left out."""
    (root / "no.pdf").write_bytes(b"<html>")
    with Reader() as reader:
        found = results.read_pdfs(root, ("sub/b.pdf", "no.pdf", "absent.pdf"), reader)
    assert {name: pdf.text for name, pdf in found.items()} == {"sub/b.pdf": "Amount due 12.30", "no.pdf": None}
    assert len(found["sub/b.pdf"].sha256) == 64


@pytest.mark.parametrize(
    "steps", [None, 7, [7, None, {}], [{"body": "../a.json"}], [{"body": "a.json"}], [{"body": ["001.body"]}]]
)
def test_a_trace_names_only_bodies(root, steps):
    """A raw trace opens no file that is not called like a body."""
    assert results.read_bodies(root, {"steps": steps}) == {}


def test_bodies_are_read_by_their_names(root):
    """A body that is there is given by its file name."""
    (root / "001.body").write_bytes(b"x")
    assert results.read_bodies(root, {"steps": [{"body": "001.body"}, {"body": "002.body"}]}) == {"001.body": b"x"}
