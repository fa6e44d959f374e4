"""How the door to git is built: a part of the composition root (`healer.wiring`)."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from healer.clients.git import Git
from healer.clients.github import GitHub
from healer.settings import FlowSettings, GitHubSettings

GIT_FOLDER: Final = "importers"
"""Where below `work_dir` the door to git keeps its mirror."""


def git_address(settings: GitHubSettings, ssh_key: Path | None) -> str:
    """Give the address at which git finds the importers repository: by HTTPS, or by SSH with a deploy key."""
    address = f"{settings.github_url.rstrip('/')}/{settings.importers_repository}.git"
    if ssh_key:
        return f"ssh://git@{urlsplit(address).netloc}/{settings.importers_repository}.git"
    return address


def git(settings: FlowSettings, door: GitHub) -> Git:
    """Build the door to git; tokens come from the door to GitHub."""
    return Git(
        git_address(settings, settings.git_ssh_key),
        settings.work_dir / GIT_FOLDER,
        token=door.git_token,
        ssh_key=settings.git_ssh_key,
        reference=settings.importers_checkout,
    )
