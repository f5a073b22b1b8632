"""What a crew is there for, and what is known of those who work."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar

OrderT = TypeVar("OrderT", contravariant=True)
AnswerT = TypeVar("AnswerT", covariant=True)


class Worker(Protocol[OrderT, AnswerT]):
    """Does one thing at a time."""

    def obey(self, order: OrderT, /) -> AnswerT:
        """What comes of an order.

        Raises:
            H5SchemaError: It cannot go on, for a reason that holds for everybody.
        """
        ...


class Task(Protocol[OrderT, AnswerT]):
    """What every worker of a crew is there for; it pickles."""

    @property
    def missed(self) -> str:
        """What another process cannot import of it; "": nothing."""
        ...

    def begin(self, handle: int, begins: Callable[[int], None], /) -> Worker[OrderT, AnswerT]:
        """One more worker.

        Args:
            handle: Descriptor of the file in the making.
            begins: To be called with the number of each source before it is read.
        """
        ...


AHEAD = 2
"""Orders that a worker may have: the one that it obeys, and the next, for which it need not wait."""


class Beat(NamedTuple):
    """Where a worker is.

    Attributes:
        source: Number of the source that it is at; -1: none.
        since: When it came to it, on the clock that only goes forward.
    """

    source: int
    since: float


class Died(NamedTuple):
    """A worker is no more.

    Attributes:
        source: Number of the source that it was at; -1: none.
        why: In words.
        late: Whether it was stopped because that source took too long.
    """

    source: int
    why: str
    late: bool = False
