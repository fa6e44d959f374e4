"""What stands while a `with` lasts."""

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Standing(ABC):
    """Started at the beginning of a `with` and stopped at its end; what came up only half is stopped too."""

    @abstractmethod
    def start(self) -> None:
        """Start it."""

    @abstractmethod
    def stop(self) -> None:
        """End it, however much of it stands."""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
