"""Everything that can go wrong, as one tree.

HealerError
├── Rejected          a request was not acceptable: nothing was stored, nothing was started
├── PolicyViolation   somebody (usually the agent) overstepped a rule that code enforces
├── UpstreamError     an outside system failed or answered something we cannot use
├── Conflict          somebody else changed the same record first; read again and decide again
└── Misconfigured     this installation lacks something; an operator must act

An outcome that we expect (a red gate, a portal that is down) is a value in `contracts`, never an exception.
"""

from typing import ClassVar, Final

_CONTEXT: Final = vars(BaseException)["__context__"]


class HealerError(Exception):
    """Root of the tree. Every error says what happened, what to do next, and whether to try again.

    `reason` is a stable snake_case word for metrics and HTTP bodies. Texts are redacted by the caller that builds them.
    """

    retryable: ClassVar[bool] = False
    spent_usd: float | None = None
    """What an agent had cost when it failed, where that is known."""

    def __init__(self, what: str, *, reason: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what, self.reason, self.remedy = what, reason, remedy

    @property
    def __context__(self) -> BaseException | None:
        """Give what was being handled, but not what `from None` put away: a foreign exception may hold headers, addresses and inputs."""
        return None if self.__suppress_context__ else _CONTEXT.__get__(self)

    @__context__.setter
    def __context__(self, context: BaseException | None) -> None:
        _CONTEXT.__set__(self, context)

    def __str__(self) -> str:
        return f"{self.what} [{self.reason}]" + (f" {self.remedy}" if self.remedy else "")


class Rejected(HealerError):
    """A request that must not be acted on. `status` is the HTTP status that tells the sender so (RFC 9457 body)."""

    def __init__(
        self, what: str, *, reason: str, status: int = 400, remedy: str = "", retry_after: int | None = None
    ) -> None:
        super().__init__(what, reason=reason, remedy=remedy)
        self.status, self.retry_after = status, retry_after


class PolicyViolation(HealerError):
    """A rule that code enforces was broken; the work product is refused as a whole."""


class UpstreamError(HealerError):
    """An outside system failed. `service` names it; `status` is its HTTP status where there was one.

    `retry_after` (seconds) is set where the service said when it will take requests again.
    """

    retryable = True
    retry_after: float | None = None

    def __init__(self, what: str, *, service: str, reason: str, status: int | None = None, remedy: str = "") -> None:
        super().__init__(what, reason=reason, remedy=remedy)
        self.service, self.status = service, status


class Conflict(HealerError):
    """A compare-and-set lost against another writer."""

    retryable = True


class Misconfigured(HealerError):
    """A setting, permission or secret is missing or wrong; `remedy` says which and how to mend it."""
