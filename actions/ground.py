"""What a gate run has on Docker's engine: an image and a fenced network, made beside one another and removed beside the judging."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import as_file, files
from typing import Self

from actions.run_name import run_name
from actions.timing import Stopwatch
from healer.clients.container import Containers
from healer.clients.fence import Fence
from healer.settings import ActionsSettings, RunnerSettings


class Ground:
    """Is made from the beginning on, in threads; whoever needs a part waits for it. At the end of the block nothing is left."""

    def __init__(self, run: RunnerSettings, job: ActionsSettings, watch: Stopwatch) -> None:
        self._run, self._job, self._watch = run, job, watch
        self._pool = ThreadPoolExecutor(2)
        self._image, self._fence = self._pool.submit(self._build), self._pool.submit(self._network)
        self._left: dict[str, Callable[[], None]] = {"network": self._close_fence, "image": self._discard}

    def image(self) -> str:
        """Give the image's name.

        Raises: UpstreamError `build_failed`.
        """
        return self._image.result()

    def fence(self) -> Fence:
        """Give the network."""
        return self._fence.result()

    def leave(self, *parts: str) -> None:
        """Begin to remove `network` or `image`: no container needs it any more."""
        for part in parts:
            if remove := self._left.pop(part, None):
                self._pool.submit(remove)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave("network", "image")
        self._pool.shutdown()

    def _build(self) -> str:
        with self._watch.part("build"), as_file(files("actions") / "rake-fetch" / "Dockerfile") as dockerfile:
            return Containers().build(self._job.github_workspace, dockerfile, self._run.base_image, run_name(self._job))

    def _network(self) -> Fence:
        with self._watch.part("network"):
            return Fence(run_name(self._job))

    def _close_fence(self) -> None:
        with self._watch.part("network"):
            self._fence.result().close()

    def _discard(self) -> None:
        if not self._image.exception():
            Containers().discard(self._image.result())
