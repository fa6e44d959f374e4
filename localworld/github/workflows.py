"""Workflow files: what they take, what they call, what they may; and the one rewrite that `act` needs."""

import re
from dataclasses import dataclass
from typing import Any

import yaml

from localworld.github.bare import Bare
from localworld.github.problem import Problem

FOLDER = ".github/workflows"
_MOST_INPUTS = 25
_REUSED = re.compile(r"^(?P<repository>[\w.-]+/[\w.-]+)/(?P<path>\.github/workflows/[\w.-]+)@(?P<ref>\S+)$")


@dataclass(frozen=True)
class Reused:
    """A reusable workflow of another repository at a commit."""

    repository: str
    path: str
    ref: str


@dataclass(frozen=True)
class Workflow:
    """A parsed workflow file."""

    path: str
    body: dict[Any, Any]

    @property
    def name(self) -> str:
        """Give its name, else its path as GitHub does."""
        return str(self.body.get("name") or self.path)

    @property
    def triggers(self) -> dict[str, Any]:
        """Give what starts it. YAML 1.1 reads the key `on` as true."""
        found = self.body.get("on", self.body.get(True)) or {}
        if isinstance(found, dict):
            return found
        return dict.fromkeys([found] if isinstance(found, str) else found)

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """Give its jobs."""
        found: dict[str, dict[str, Any]] = self.body.get("jobs") or {}
        return found

    def accept(self, given: dict[str, Any]) -> dict[str, str]:
        """Check the inputs of a dispatch and fill in defaults.

        Raises: Problem 422 as GitHub words it.
        """
        if "workflow_dispatch" not in self.triggers:
            raise Problem(422, "Workflow does not have 'workflow_dispatch' trigger")
        known: dict[str, Any] = (self.triggers["workflow_dispatch"] or {}).get("inputs") or {}
        unknown = sorted(set(given) - set(known))
        if unknown or len(given) > _MOST_INPUTS:
            raise Problem(422, f"Unexpected inputs provided: {unknown}")
        for name, entry in known.items():
            if entry.get("required") and given.get(name) in (None, "") and "default" not in entry:
                raise Problem(422, f"Required input '{name}' not provided")
        defaults = {name: entry["default"] for name, entry in known.items() if "default" in entry}
        return {name: _input(value) for name, value in {**defaults, **given}.items()}

    def evaluate(self, text: str, inputs: dict[str, str], repository: str, ref: str) -> str:
        """Fill `${{ inputs.x }}` and `${{ github.x }}` into a text."""
        github = {"repository": repository, "ref_name": ref, "ref": f"refs/heads/{ref}", "workflow": self.name}
        values = {**{f"inputs.{k}": v for k, v in inputs.items()}, **{f"github.{k}": v for k, v in github.items()}}
        return re.sub(r"\$\{\{\s*([\w.]+)\s*\}\}", lambda m: values.get(m[1], ""), text)

    def run_name(self, inputs: dict[str, str], repository: str, ref: str) -> str:
        """Give the title of a run."""
        return self.evaluate(str(self.body.get("run-name") or self.name), inputs, repository, ref).strip()

    def group(self, inputs: dict[str, str], repository: str, ref: str) -> str | None:
        """Give the concurrency group of a run."""
        found = self.body.get("concurrency")
        text = found.get("group") if isinstance(found, dict) else found
        return self.evaluate(str(text), inputs, repository, ref) if text else None

    def reused(self) -> list[Reused]:
        """Give the reusable workflows that its jobs call."""
        matches = (_REUSED.match(str(job.get("uses", ""))) for job in self.jobs.values())
        return [Reused(m["repository"], m["path"], m["ref"]) for m in matches if m]

    def may_identify(self) -> bool:
        """Tell whether every job has `id-token: write`; GitHub gives no OIDC token without."""
        top = self.body.get("permissions") or {}
        return bool(self.jobs) and all(_writes(job.get("permissions", top)) for job in self.jobs.values())

    def limit_s(self) -> float:
        """Give the longest time that its jobs may take, in seconds (GitHub's default is six hours)."""
        return 60.0 * max((float(job.get("timeout-minutes", 360)) for job in self.jobs.values()), default=360.0)


def _input(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _writes(permissions: Any) -> bool:
    return isinstance(permissions, dict) and permissions.get("id-token") == "write"


def load(git: Bare, sha: str, path: str) -> Workflow:
    """Read a workflow of a commit.

    Raises: Problem 404 where there is none, 422 for a file that is no YAML mapping.
    """
    content = git.read(sha, path)
    if content is None:
        raise Problem(404, "Not Found")
    try:
        body = yaml.safe_load(content)
    except yaml.YAMLError:
        body = None
    if not isinstance(body, dict):
        raise Problem(422, f"Invalid workflow file: {path}")
    return Workflow(path, body)


def for_act(text: str, repository: str, sha: str) -> str:
    """Rewrite a repository's references to its own actions: GitHub knows `$/`, `act` 0.2.89 does not. Nothing else differs."""
    return re.sub(r"(\buses:\s*)\$/(\S+)", rf"\g<1>{repository}/\g<2>@{sha}", text)
