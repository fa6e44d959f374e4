"""Rules of finding decryptors in installed packages."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pydantic import SecretStr

from healer.clients.decryptors import GROUP, load_decryptors
from healer.errors import Misconfigured

EXAMPLE = Path(__file__).resolve().parents[3] / "examples/wegocrypt-decryptor"
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
SEALED = "AAECAwQFBgcICQoLV5L4Q6It27bFALmWb5Sp9ZLaKwh7OGUzGGOOyJumhzuBDHdcOJG2dD23X5KOrM8jxOWj/Y5fmFrT7iQxuL0EUgy0P9BW"


def _install(name: str, folder: Path, points: dict[str, str]) -> None:
    """Write what an installer leaves of a package's entry points."""
    info = folder / f"{name}-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    lines = [f"{point} = {target}" for point, target in points.items()]
    (info / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines, ""]))


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the example package."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]
    _install(project["name"].replace("-", "_"), tmp_path, project["entry-points"][GROUP])
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(EXAMPLE)


def test_example_is_found_by_its_entry_point(example: None) -> None:
    """A decryptor of another package is built with its keys from the setting, and opens what its scheme sealed."""
    found = load_decryptors(SecretStr(f"wegocrypt:{KEY}"))
    assert found["wegocrypt"].decrypt(SEALED, "brightwater-main") == (
        b'{"username": "robot-77", "password": "correct-horse"}'
    )


def test_example_passes_its_own_tests() -> None:
    """The example's test, as a customer runs it, passes."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-c",
            "/dev/null",
            "--rootdir",
            EXAMPLE,
            EXAMPLE,
        ],
        env={**os.environ, "PYTHONPATH": str(EXAMPLE), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout


def test_fernet_is_there_and_takes_several_keys() -> None:
    """The reader for Fernet comes with the product; a repeated name gives it a further key; nothing is loaded unasked."""
    found = load_decryptors(SecretStr(f"fernet:{KEY}, fernet:{KEY[::-1][1:]}="))
    assert list(found) == ["fernet"]
    assert load_decryptors(None) == {}


@pytest.mark.parametrize(
    "wanted", ["nobodys:abc", "fernet", "fernet:hunter22", "wego1:abc", ":hunter22", "hunter22" * 5]
)
def test_what_cannot_be_built_is_refused_without_its_key(wanted: str) -> None:
    """An unknown decryptor, one that its keys do not fit, and our own scheme's name are refused; no key is shown."""
    with pytest.raises(Misconfigured) as refused:
        load_decryptors(SecretStr(wanted))
    assert refused.value.reason == "decryptors"
    assert "HEALER_DECRYPTORS" in str(refused.value)
    assert "hunter22" not in str(refused.value)


def test_name_that_two_packages_bring_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which of two packages reads a scheme is never left to chance."""
    _install("second_fernet", tmp_path, {"fernet": "healer.fernet:make"})
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(Misconfigured, match="2 installed packages"):
        load_decryptors(SecretStr(f"fernet:{KEY}"))
