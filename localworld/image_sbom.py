"""`python3 -m localworld.image_sbom IMAGE FILE`: what an image is made of, as CycloneDX 1.5 JSON.

Its Debian packages and its Python distributions are read in a container of it, without network; nothing is guessed from a lock file.
Source of the form: https://cyclonedx.org/docs/1.5/json/ and https://github.com/package-url/purl-spec.
Exit codes: 0 written; 1 the image could not be asked.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

_ASK: Final = r"""
dpkg-query -W -f 'deb\t${Package}\t${Version}\t${Architecture}\n'
command -v python3 >/dev/null || exit 0
exec python3 -c '
from importlib.metadata import distributions
for one in distributions(): print("pypi", one.metadata["Name"], one.version, "", sep="\t")'
"""


def asked(image: str) -> str:
    """Give a line for each package of an image: kind, name, version and architecture, parted by tabs.

    Raises: subprocess.CalledProcessError where there is no such image, or no dpkg in it.
    """
    alone = ("--rm", "--network", "none", "--read-only", "--cap-drop", "ALL", "--entrypoint", "sh")
    command = ["docker", "run", *alone, image, "-c", _ASK]
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout  # noqa: S603 - what the operator names


def document(image: str, lines: str) -> dict[str, Any]:
    """Give the document: one component a package, in one order, so that two images can be compared line by line."""
    components = [_component(*line.split("\t")) for line in sorted(set(lines.splitlines()))]
    about = {"component": {"type": "container", "bom-ref": image, "name": image}}
    return {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "metadata": about, "components": components}


def _component(kind: str, name: str, version: str, arch: str) -> dict[str, str]:
    where = f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={arch}"
    if kind == "pypi":
        where = f"pkg:pypi/{quote(name.lower().replace('_', '-'))}@{quote(version)}"
    return {"type": "library", "bom-ref": where, "name": name, "version": version, "purl": where}


def main(image: str, out: Path) -> int:
    """Write the document of an image."""
    try:
        lines = asked(image)
    except subprocess.CalledProcessError:
        sys.stderr.write(f"{image} could not be asked; build it (`make images`), then try again.\n")
        return 1
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(document(image, lines), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
