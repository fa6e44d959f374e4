"""The name that a gate run gives to what it makes on the machine's Docker engine."""

import hashlib

from healer.settings import ActionsSettings


def run_name(job: ActionsSettings) -> str:
    """Name the run's image and container. Two servers may number runs alike on one engine, so the repository's address is in it, hashed.

    `actions/report/action.yml` makes the same name to remove what a killed gate left.
    """
    place = hashlib.sha256(f"{job.github_server_url}/{job.github_repository}".encode()).hexdigest()[:8]
    return f"healer-gate-{job.github_run_id}-{job.github_run_attempt}-{place}"
