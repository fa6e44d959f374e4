"""What Docker's engine shows to anybody: `docker inspect` of every container and image, and the history of every image."""

import json
import shutil
from collections.abc import Iterator
from typing import Any

from healer.audit import Piece, of_json
from healer.clients.container import docker
from healer.errors import UpstreamError


def is_here() -> bool:
    """Say whether this machine has a Docker command at all."""
    return shutil.which("docker") is not None


def containers() -> Iterator[Piece]:
    """Give every container, running or not, as `docker inspect` shows it.

    Raises: UpstreamError.
    """
    for identifier in docker("ps", "--all", "--quiet", "--no-trunc").split():
        yield from (
            of_json(f"container {shown['Name'].lstrip('/')}", shown) for shown in _inspected("container", identifier)
        )


def images() -> Iterator[Piece]:
    """Give every image, as `docker inspect` shows it, with the commands of its layers.

    Raises: UpstreamError.
    """
    for identifier in dict.fromkeys(docker("image", "ls", "--all", "--quiet", "--no-trunc").split()):
        for shown in _inspected("image", identifier):
            yield of_json(f"image {identifier.removeprefix('sha256:')[:12]}", shown)
            history = docker("image", "history", "--no-trunc", "--format", "{{json .CreatedBy}}", identifier)
            yield Piece(f"history of image {identifier.removeprefix('sha256:')[:12]}", history.encode())


def _inspected(kind: str, identifier: str) -> list[dict[str, Any]]:
    """Give what inspect shows; nothing where it is gone since it was listed."""
    try:
        shown: list[dict[str, Any]] = json.loads(docker("inspect", "--type", kind, identifier))
    except UpstreamError as error:
        if "no such" in error.what.lower():
            return []
        raise
    return shown
