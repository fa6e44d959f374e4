"""What a gate run has on Docker's engine: an image and a fenced network, made beside one another and removed beside the judging."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import as_file, files
from pathlib import Path
from typing import Self

from actions.run_name import run_name
from actions.timing import Stopwatch
from healer.clients import commit
from healer.clients.container import Containers
from healer.clients.fence import Fence
from healer.settings import ActionsSettings, RunnerSettings


class Ground:
    """Is made from the beginning on, in threads; whoever needs a part waits for it. At the end of the block nothing is left."""

    def __init__(self, run: RunnerSettings, job: ActionsSettings, watch: Stopwatch) -> None:
        self._run, self._job, self._watch = run, job, watch
        self._pool = ThreadPoolExecutor(2)
        self._fence, self._image = self._pool.submit(self._network), self._pool.submit(self._build)
        self._base = self._pool.submit(self._build_base) if run.with_base else None
        self._left: dict[str, Callable[[], None]] = {"network": self._close_fence, "images": self._discard}

    def image(self) -> str:
        """Give the name of the image of what is checked out.

        Raises: UpstreamError `build_failed`.
        """
        return self._image.result()

    def base_image(self) -> str | None:
        """Give the name of the base's image; None where the run is of one commit.

        Raises: UpstreamError (`build_failed`, `base_missing`).
        """
        return self._base.result() if self._base else None

    def fence(self) -> Fence:
        """Give the network."""
        return self._fence.result()

    def leave(self, *parts: str) -> None:
        """Begin to remove `network` or `images`: no container needs it any more."""
        for part in parts:
            if remove := self._left.pop(part, None):
                self._pool.submit(remove)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave("network", "images")
        self._pool.shutdown()

    def _build(self) -> str:
        return self._built(self._job.github_workspace, run_name(self._job))

    def _build_base(self) -> str:
        with commit.laid_out(self._job.github_workspace, self._run.base_sha, self._job.runner_temp) as tree:
            return self._built(tree, f"{run_name(self._job)}-base")

    def _built(self, tree: Path, name: str) -> str:
        with self._watch.part("build"), as_file(files("actions") / "rake-fetch" / "Dockerfile") as dockerfile:
            return Containers().build(tree, dockerfile, self._run.base_image, name)

    def _network(self) -> Fence:
        with self._watch.part("network"):
            return Fence(run_name(self._job))

    def _close_fence(self) -> None:
        with self._watch.part("network"):
            self._fence.result().close()

    def _discard(self) -> None:
        for image in (self._image, self._base):
            if image and not image.exception():
                Containers().discard(image.result())
