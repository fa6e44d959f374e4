"""What the stand-in remembers besides git."""

from dataclasses import dataclass, field
from typing import Any

from localworld.github.bare import Bare
from localworld.github.templates import now


@dataclass
class Repository:
    """One repository: its bare git, and what GitHub keeps beside it."""

    id: int
    name: str
    git: Bare
    private: bool = True
    protected: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    default_branch: str = "main"
    created: str = field(default_factory=now)
    issues: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    pulls: dict[int, "Pull"] = field(default_factory=dict)
    comments: dict[int, "Comment"] = field(default_factory=dict)
    checks: dict[int, "Check"] = field(default_factory=dict)
    tickets: dict[int, "Issue"] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        """Give the part before the slash."""
        return self.name.partition("/")[0]


@dataclass
class Pull:
    """One pull request."""

    id: int
    number: int
    title: str
    body: str | None
    head: str
    base: str
    head_sha: str
    base_sha: str
    author: str
    draft: bool = False
    state: str = "open"
    labels: list[str] = field(default_factory=list)
    reviewers: list[str] = field(default_factory=list)
    teams: list[str] = field(default_factory=list)
    created: str = field(default_factory=now)
    updated: str = field(default_factory=now)
    closed: str | None = None
    merged: str | None = None
    merge_sha: str | None = None


@dataclass
class Issue:
    """An issue that is no pull request. `by_app` is whether our App has opened it."""

    id: int
    number: int
    author: str
    title: str
    body: str
    by_app: bool = False
    state: str = "open"
    labels: list[str] = field(default_factory=list)
    created: str = field(default_factory=now)
    updated: str = field(default_factory=now)
    closed: str | None = None


@dataclass
class Comment:
    """A comment on an issue or pull request. `reactions` are who reacted and how."""

    id: int
    number: int
    author: str
    body: str
    reactions: list[tuple[str, str]] = field(default_factory=list)
    created: str = field(default_factory=now)
    updated: str = field(default_factory=now)


@dataclass
class Check:
    """A check run on a commit. `app` is who made it: GitHub Actions (15368), or our App."""

    id: int
    name: str
    head_sha: str
    status: str
    conclusion: str | None
    title: str = ""
    summary: str = ""
    details_url: str = ""
    external_id: str = ""
    app: int = 15368
    annotations: list[dict[str, Any]] = field(default_factory=list)
    started: str = field(default_factory=now)
    completed: str | None = None


@dataclass
class Step:
    """One step of a job."""

    key: tuple[str, ...]
    name: str
    number: int
    status: str = "in_progress"
    conclusion: str | None = None
    started: str = field(default_factory=now)
    completed: str | None = None
    log: list[str] = field(default_factory=list)


@dataclass
class Job:
    """One job of a run."""

    id: int
    name: str
    status: str = "in_progress"
    conclusion: str | None = None
    started: str = field(default_factory=now)
    completed: str | None = None
    steps: list[Step] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    summary: str = ""


@dataclass
class Run:
    """One workflow run."""

    id: int
    number: int
    path: str
    name: str
    title: str
    branch: str
    sha: str
    actor: str
    inputs: dict[str, str]
    event: str = "workflow_dispatch"
    attempt: int = 1
    status: str = "queued"
    conclusion: str | None = None
    jobs: list[Job] = field(default_factory=list)
    created: str = field(default_factory=now)
    updated: str = field(default_factory=now)
    notes: list[str] = field(default_factory=list)
    """What the runner said outside any step."""
    repository: str = ""
    unserved: bool = False
    """A job found no runner for its label; `act` passes over such a job."""


@dataclass(frozen=True)
class Caller:
    """Who calls: a login and what it may do. An App calls as itself (`app`) or as an installation (`installation`)."""

    login: str
    may: dict[str, str]
    kind: str = "user"
