"""What an image is made of, asked of real images by the script that `make images` runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gate_runner import BASE_IMAGE

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.docker


def written(image: str, out: Path) -> subprocess.CompletedProcess[str]:
    """Run the script."""
    argv = [sys.executable, "-m", "localworld.image_sbom", image, out]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_package_of_an_image_is_named_with_its_version(tmp_path):
    """As many Debian packages as dpkg has installed in it, each with the address by which scanners look for weaknesses."""
    out = tmp_path / "deep/sbom.cdx.json"
    assert written(BASE_IMAGE, out).returncode == 0
    told = json.loads(out.read_text())
    assert (told["bomFormat"], told["specVersion"]) == ("CycloneDX", "1.5")
    assert told["metadata"]["component"] == {"type": "container", "bom-ref": BASE_IMAGE, "name": BASE_IMAGE}
    ask = [*f"docker run --rm --network none {BASE_IMAGE} dpkg-query -W -f".split(), "${Package} ${Version}\n"]
    installed = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.splitlines()
    debian = [one for one in told["components"] if one["purl"].startswith("pkg:deb/debian/")]
    assert sorted(f"{one['name']} {one['version']}" for one in debian) == sorted(installed)
    (ruby,) = (one for one in debian if one["name"] == "ruby")
    assert ruby["purl"].startswith("pkg:deb/debian/ruby@1%3A3.")
    assert len({one["bom-ref"] for one in told["components"]}) == len(told["components"])


def test_an_image_that_is_not_there_is_named_and_nothing_is_written(tmp_path):
    """Whoever asks too early is told what to do; a document of nothing would say that all is well."""
    ended = written("importer-healer-none:at-all", tmp_path / "sbom.cdx.json")
    assert ended.returncode == 1
    assert "importer-healer-none:at-all could not be asked; build it" in ended.stderr
    assert not list(tmp_path.iterdir())
