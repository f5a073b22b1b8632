"""How a run ends that makes no file."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from h5schema.errors import UserCodeError

from ..writing.claim import is_unfinished
from .failures import Failure


class StoppedError(KeyboardInterrupt):
    """Somebody stopped the run; what was committed stays, and the same call goes on."""


@contextmanager
def told_to_go_on(target: Path) -> Generator[None]:
    """Whoever stops a run while it begins or ends is told that the same command goes on, if something is committed."""
    try:
        yield
    except StoppedError:
        raise
    except KeyboardInterrupt:
        if is_unfinished(target):
            raise StoppedError("stopped; the same command goes on with what was committed") from None
        raise


def lost_entries(failures: Sequence[Failure], target: str) -> UserCodeError:
    """Entries of the file that is updated can neither be made nor stay."""
    first = failures[0]
    frames = f"\n{first.frames}" if first.frames else ""
    more = f" (and {len(failures) - 1} more: {', '.join(one.source for one in failures[1:4])})" if failures[1:] else ""
    return UserCodeError(
        f"an entry of the file cannot be made now, and it would be lost: {first.name}: {first.message}{frames}{more}",
        where=target,
        do=(first.help and f"{first.help}; ")
        + "the file stays as it was; mend the source and run the same command again, which goes on",
    )


def failed_at(failure: Failure, target: str) -> UserCodeError:
    """A source failed, and nothing is to be left out."""
    frames = f"\n{failure.frames}" if failure.frames else ""
    return UserCodeError(
        f"a source failed: {failure.name}: {failure.message}{frames}",
        where=target,
        do=failure.help or "mend it and run the same command again, which goes on; or say --on-error skip",
    )


def none_of(total: int, first: Failure, target: str) -> UserCodeError:
    """Every source failed."""
    frames = f"\n{first.frames}" if first.frames else ""
    return UserCodeError(
        f"none of the {total} sources could be extracted; the first, {first.name}: {first.message}{frames}",
        where=target,
        do=first.help or "mend the function or the schema and run it again; nothing was written",
    )
