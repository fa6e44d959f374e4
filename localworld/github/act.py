"""Runs workflows by `act`, one process a run, in host mode: on the machine as it is, with an environment of its own."""

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from localworld.github.model import Repository, Run
from localworld.github.store import Store
from localworld.github.workflows import Workflow, for_act, load

GRACE_S = 30.0
_OURS = ("DOCKER_HOST", "SSL_CERT_FILE")


@dataclass(frozen=True)
class Identity:
    """Where the jobs of a run ask for their OIDC token, and with what."""

    url: str
    token: str


class Workspace:
    """The files of one run, all below one folder that is removed at its end."""

    def __init__(self, store: Store, repository: Repository, run: Run) -> None:
        self._store, self._repository, self._run = store, repository, run
        self.folder = store.root / "actions" / f"run-{run.id}"
        self.checkout = self.folder / "checkout"

    def lay(self, token: str, identity: Identity | None) -> list[str]:
        """Check out the commit, write what `act` reads, export what the workflow calls; give act's arguments."""
        self.folder.mkdir(parents=True)
        # A local clone copies files, and fails when those of a push under way vanish; the protocol does not.
        self._git("clone", "-q", "--no-local", "--no-checkout", str(self._repository.git.path), str(self.checkout))
        self._git("-C", str(self.checkout), "checkout", "-q", "--detach", self._run.sha)
        files = {
            "secrets": {"GITHUB_TOKEN": token},
            "vars": self._repository.variables,
            "env": self._environment(identity),
        }
        for name, pairs in files.items():
            (self.folder / name).touch(mode=0o600)
            (self.folder / name).write_text("".join(f"{k}={v}\n" for k, v in pairs.items()))
        event = {"ref": f"refs/heads/{self._run.branch}", "inputs": self._run.inputs, "repository": self._named()}
        (self.folder / "event.json").write_text(json.dumps(event))
        (self.folder / "cwd").mkdir()
        return self._arguments()

    def _named(self) -> dict[str, str]:
        return {"full_name": self._repository.name, "default_branch": self._repository.default_branch}

    def _environment(self, identity: Identity | None) -> dict[str, str]:
        run = self._run
        found = {
            "GITHUB_RUN_ID": str(run.id),
            "GITHUB_RUN_NUMBER": str(run.number),
            "GITHUB_RUN_ATTEMPT": str(run.attempt),
            "GITHUB_REPOSITORY": self._repository.name,
            "GITHUB_REPOSITORY_OWNER": self._repository.owner,
            "GITHUB_REF": f"refs/heads/{run.branch}",
            "SHA_REF": run.sha,  # from this act takes github.sha
            "GITHUB_SERVER_URL": self._store.url,
            "GITHUB_API_URL": self._store.api,
            "RUNNER_ENVIRONMENT": "github-hosted",
        }
        if identity:
            found |= {"ACTIONS_ID_TOKEN_REQUEST_URL": identity.url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": identity.token}
        return found

    def _arguments(self) -> list[str]:
        f = self.folder
        found = [
            self._store.config["act"]["program"],
            self._run.event,
            "-C",
            str(self.checkout),
            "-W",
            str(self.checkout / self._run.path),
        ]
        found += ["-e", str(f / "event.json"), "--secret-file", str(f / "secrets"), "--env-file", str(f / "env")]
        found += [
            "--var-file",
            str(f / "vars"),
            "--input-file",
            "/dev/null",
            "-P",
            "ubuntu-latest=-self-hosted",
            "--rm",
            "--json",
        ]
        found += ["--pull=false", "--action-offline-mode", "--no-cache-server", "--action-cache-path", str(f / "cache")]
        found += ["--defaultbranch", self._repository.default_branch, "-a", self._run.actor]
        workflow = load(self._repository.git, self._run.sha, self._run.path)
        for reused in workflow.reused():
            found += [
                "--local-repository",
                f"{reused.repository}@{reused.ref}={self._export(reused.repository, reused.ref)}",
            ]
        return found

    def _export(self, name: str, sha: str) -> Path:
        """Lay out a commit of another repository; `act` reads the folder and ignores the reference."""
        target = self._store.root / "actions" / f"export-{name.replace('/', '+')}-{sha}"
        with self._store.lock:  # runs that begin together share one export
            if not target.exists():
                self._unpack(name, sha, target)
        return target

    def _unpack(self, name: str, sha: str, target: Path) -> None:
        source = self._store.repository(name).git
        draft = self.folder / "export"
        draft.mkdir()
        # act copies all of it for each step that uses one of its actions, so what no action reads is left out.
        paths = (".", *(f":(exclude){path}" for path in self._store.config["act"].get("unread", ())))
        argv = ["git", "-C", str(source.path), "archive", sha, *paths]
        packed = subprocess.run(argv, capture_output=True, check=True)  # noqa: S603 - our own argv
        subprocess.run(["tar", "-x", "-C", str(draft)], input=packed.stdout, check=True)  # noqa: S603, S607 - our own argv
        for file in [*draft.glob(".github/workflows/*.y*ml"), *draft.glob("actions/*/action.yml")]:
            file.write_text(for_act(file.read_text(), name, sha))
        draft.rename(target)

    def _git(self, *arguments: str) -> None:
        env = {"PATH": os.defpath, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        subprocess.run(["git", *arguments], env=env, capture_output=True, check=True)  # noqa: S603, S607 - our own argv

    def remove(self) -> None:
        """Leave nothing behind."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Act:
    """One act process."""

    def __init__(self, store: Store, workspace: Workspace, arguments: list[str]) -> None:
        self.stopped: str | None = None
        home = workspace.folder / "home"
        home.mkdir()
        ours = {name: os.environ[name] for name in _OURS if name in os.environ}
        env = {"PATH": store.config["act"]["path"], "HOME": str(home), "LANG": "C.UTF-8", **ours}
        self._child = subprocess.Popen(  # noqa: S603 - our own argv
            arguments,
            cwd=workspace.folder / "cwd",
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def follow(self, line: Callable[[str], None], limit_s: float) -> int:
        """Give each line to `line` until the process ends or the time is up; give its exit code."""
        timer = threading.Timer(limit_s, self.stop, ["timed_out"])
        timer.daemon = True
        timer.start()
        for text in self._child.stdout or ():
            line(text)
        code = self._child.wait()
        timer.cancel()
        return code

    def stop(self, why: str) -> None:
        """Interrupt it, so that `always()` steps still run; kill it when it does not end."""
        self.stopped = why
        self._child.send_signal(signal.SIGINT)
        killer = threading.Timer(GRACE_S, self._kill)
        killer.daemon = True
        killer.start()

    def _kill(self) -> None:
        if self._child.poll() is None:
            os.killpg(self._child.pid, signal.SIGKILL)


def may_identify(store: Store, workflow: Workflow) -> bool:
    """Tell whether the jobs of a run get an OIDC token: caller and called both have `id-token: write`."""
    called = [load(store.repository(r.repository).git, r.ref, r.path) for r in workflow.reused()]
    return workflow.may_identify() and all(w.may_identify() for w in called)


def limit_s(store: Store, workflow: Workflow) -> float:
    """Give the time limit of a run: that of the workflows it calls, else its own."""
    called = [load(store.repository(r.repository).git, r.ref, r.path) for r in workflow.reused()]
    return max((w.limit_s() for w in called), default=workflow.limit_s())
