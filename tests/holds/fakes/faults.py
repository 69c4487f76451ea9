"""What a test can make go wrong in a fake calendar service, in words that both fakes share."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Fault:
    """One thing that goes wrong, `times` times, in the operation named by `on`.

    Attributes:
        on: An operation of the fake ("insert", "get", "list", "delete", and "query" for Google's
            free/busy or "view" for Graph's calendar view), or "*" for whichever comes next.
        status: An HTTP status that is answered instead of doing the work; 0 does the work.
        reason: The service's own word for the error, such as "rateLimitExceeded"; "" lets the
            fake take the usual word for the status.
        headers: Headers laid over those of the answer, such as "Retry-After".
        body: Bytes that replace the answer's body: half a JSON, a proxy's page, nothing.
        lose: Do the work and lose the answer: the caller sees a dropped connection.
        delay: Seconds to wait before answering; the work is done before the wait.
        times: How often it happens before it is over.
    """

    on: str
    status: int = 0
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    lose: bool = False
    delay: float = 0.0
    times: int = 1

    def __post_init__(self) -> None:
        if self.times < 1:
            raise ValueError("a fault happens at least once")
        if self.lose and self.status:
            raise ValueError("an answer that is lost had its work done: it has no error status")


class Faults:
    """The faults that wait for their operation, in the order in which they were added."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._left: list[int] = []

    def add(self, fault: Fault) -> None:
        """Let `fault` happen, after those already waiting for the same operation."""
        self._waiting.append(fault)
        self._left.append(fault.times)

    def take(self, operation: str) -> Fault | None:
        """The first fault that waits for `operation` or for any, with one of its times used up.

        The fault itself is not changed, so a test may add the same one again.
        """
        for index, fault in enumerate(self._waiting):
            if fault.on in (operation, "*"):
                self._left[index] -= 1
                if self._left[index] == 0:
                    del self._waiting[index], self._left[index]
                return fault
        return None

    def clear(self) -> None:
        """Forget the faults that are still waiting."""
        self._waiting.clear()
        self._left.clear()
