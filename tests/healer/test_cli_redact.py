"""Rules of `healer redact`, as it stands in a pipeline."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from healer import cli

HEALER = str(Path(sys.executable).with_name("healer"))
TOKEN = "ghp_" + "a1B2" * 9


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    (tmp_path / "secrets").write_bytes(
        b"\xef\xbb\xbfhunter22\r\n\nfirst-line-1\\nsecond-line-2\nback\\\\nslash\np\xc3\xa4ssw\xc3\xb6rt\n"
    )
    return tmp_path / "secrets"


def through(*arguments: str, data: bytes) -> tuple[int, bytes, str]:
    ended = subprocess.run([HEALER, "redact", *arguments], input=data, capture_output=True, timeout=20, check=False)
    return ended.returncode, ended.stdout, ended.stderr.decode()


def test_known_secrets_and_known_forms_are_masked_and_bytes_pass(secrets: Path) -> None:
    """Secrets of the file in any encoding and tokens by their form are masked; bytes that are no UTF-8 pass as they are."""
    rest = bytes(range(256)).replace(b"\x1b", b"")
    told = (
        b"a HUNTER22 b aHVudGVyMjI= c back\\nslash d p\xe4ssw\xf6rt e first-line-1\nsecond-line-2 f %s g\n"
        % TOKEN.encode()
    )
    assert through("--secrets", str(secrets), data=told + rest) == (
        0,
        b"a *** b *** c *** d *** e *** f *** g\n" + rest,
        "",
    )


def test_without_a_file_forms_alone_are_masked() -> None:
    """Without a file only what has the form of a secret is masked, with --personal people's data too."""
    told = f"hunter22 {TOKEN} ops@utility.example, account no. 70012345\n".encode()
    assert through(data=told)[1] == b"hunter22 *** ops@utility.example, account no. 70012345\n"
    assert through("--personal", data=told)[1] == b"hunter22 *** ***, account no. ***\n"


def test_more_than_a_pipe_holds_passes_in_bounded_memory(secrets: Path) -> None:
    """What is longer than any buffer passes whole; a secret across two reads is masked."""
    told = (b"x" * 65_533 + b"hunter22\n") * 64
    assert through("--secrets", str(secrets), data=told)[1] == (b"x" * 65_533 + b"***\n") * 64


@pytest.mark.parametrize("written", [None, b"", b"\n\r\n", b"hunter22\np\xe4ssw\xf6rt\n"])
def test_without_secrets_in_its_file_nothing_passes(
    written: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A file that is not there, holds no secret or is not in UTF-8 ends it with 2 before anything is passed on."""
    if written is not None:
        (tmp_path / "secrets").write_bytes(written)
    monkeypatch.setattr(sys, "argv", ["healer", "redact", "--secrets", str(tmp_path / "secrets")])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, err = capfdbinary.readouterr()
    assert (ended.value.code, out) == (2, b"")
    assert b"the file of secrets" in err
    assert b"nothing was passed on" in err


def test_secrets_that_cannot_be_masked_are_counted(tmp_path: Path) -> None:
    """Secrets too short or too common are counted on standard error and not shown."""
    (tmp_path / "secrets").write_text("hunter22\nabc\npassword\n")
    code, out, err = through("--secrets", str(tmp_path / "secrets"), data=b"hunter22 abc password\n")
    assert (code, out) == (0, b"*** abc password\n")
    assert err == "healer: 2 of 3 secrets are too short or too common to be masked.\n"


@pytest.fixture
def running(secrets: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [HEALER, "redact", "--secrets", str(secrets)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, bufsize=0, **pipes) as process:
        yield process
        process.kill()


def _told(process: subprocess.Popen[bytes], expected: bytes) -> bytes:
    """Read until as much came as is expected, or nothing comes any more."""
    got = b""
    while len(got) < len(expected) and select.select([process.stdout], [], [], 10)[0]:
        if not (more := os.read(process.stdout.fileno(), 4096)):
            break
        got += more
    return got


def test_a_slow_writer_is_heard_at_once(running: subprocess.Popen[bytes]) -> None:
    """Each line and each prompt goes out while the writer is still there, even if it ends like a secret begins."""
    for told, expected in [
        (b"a line\n", b"a line\n"),
        (b"hunter22\n", b"***\n"),
        ("grün\n".encode(), "grün\n".encode()),
        (b"password: h", b"password: h"),
        (b"ello\n", b"ello\n"),
    ]:
        running.stdin.write(told)
        assert _told(running, expected) == expected


def test_a_secret_in_slow_pieces_is_masked(running: subprocess.Popen[bytes]) -> None:
    """A secret that comes in two writes is masked, and a letter that comes byte by byte is not broken."""
    for piece in (b"hunter", b"22 gr\xc3", b"\xbcn\n"):
        running.stdin.write(piece)
        select.select([running.stdout], [], [], 0.2)
    running.stdin.close()
    assert running.stdout.read() == "*** grün\n".encode()


def test_a_reader_that_goes_away_ends_it_silently(running: subprocess.Popen[bytes]) -> None:
    """A broken pipe ends it by SIGPIPE without a word."""
    running.stdout.close()
    running.stdin.write(b"a line\n")
    running.stdin.close()
    assert (running.wait(10), running.stderr.read()) == (-signal.SIGPIPE, b"")


def test_output_that_fails_is_told() -> None:
    """Where the output cannot be written, it ends with 1 and says so."""
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [HEALER, "redact"], input=b"a line\n", stdout=full, stderr=subprocess.PIPE, timeout=20, check=False
        )
    assert ended.returncode == 1
    assert b"No space left on device" in ended.stderr
