"""What an earlier run left, compared with what this one is to do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypedDict, cast

from h5schema.errors import UsageError
from h5schema.vocabulary import layout

from .. import stamp
from ..model import Model
from ..writing.transaction import Transaction
from .failures import Failures, State, mark_of
from .work import Work


class Run(TypedDict):
    """What a run commits of itself.

    `done` has the number of sources of each dim that are done; `failures` those of them that failed; `base` is the size
    and the time of the file that is updated.
    """

    layout: Mapping[str, object]
    parameters: Mapping[str, object]
    stores: Mapping[str, object]
    done: dict[str, int]
    failures: State
    bytes: int
    base: Sequence[int] | None


def new_run(model: Model, parameters: Mapping[str, object], base: Sequence[int] | None) -> Run:
    """A run that has done nothing yet."""
    stores = {
        address: {
            "codec": feature.options.codec,
            "level": feature.options.level,
            "chunk": feature.options.chunk,
            "layout": feature.options.layout,
        }
        for address, feature in model.features.items()
    }
    run: Run = {
        "layout": model.layout(),
        "parameters": parameters,
        "stores": stores,
        "done": {},
        "failures": {"texts": [], "dims": {}},
        "bytes": 0,
        "base": base,
    }
    return cast("Run", json.loads(layout.canonical(run)))


def gone_on(earlier: Run, new: Run, target: Path) -> Run:
    """The earlier run, if it did the same.

    Raises:
        UsageError: The schema's layout, a store or the parameters have changed since.
    """
    found = [*_bases(earlier.get("base"), new["base"]), *stamp.differences(earlier["layout"], new["layout"])]
    for word, old, now in (
        ("parameters", earlier["parameters"], new["parameters"]),
        ("store", earlier["stores"], new["stores"]),
    ):
        found += [
            f"{word} of {address}: {_said(old.get(address))} in the file, {_said(now.get(address))} now"
            for address in sorted({*old, *now})
            if old.get(address) != now.get(address)
        ]
    if found:
        raise _refused(target, found)
    return earlier


def expect_same_sources(transaction: Transaction, work: Work, done: int, failures: Failures) -> None:
    """Refuses to go on where a source that is in the file is another one now.

    Raises:
        UsageError: One is gone, new among those that are done, or has another size or time.
    """
    dim = work.dim
    failed = failures.in_order(dim)
    next_failed, mark = next(failed, (-1, 0))
    known = transaction.sources(dim)
    has_ids = transaction.model.has_ids(dim)
    for number, (source, stat) in enumerate(work.known(min(done, len(work)))):
        failed_before = number == next_failed
        if failed_before:
            if mark != mark_of(source.id):
                raise _refused(
                    transaction.target,
                    [f"source {number} of {dim} was another one, which failed; it is {source.id} now"],
                )
            next_failed, mark = next(failed, (-1, 0))
            if number >= work.there:  # it is no entry; one that was there before stays
                continue
        text, was = next(known)
        if has_ids and text != source.id:
            raise _refused(transaction.target, [f"source {number} of {dim} was {text}, and is {source.id} now"])
        if stat != was and not failed_before:
            raise _refused(transaction.target, [f"{source.id} was changed since it was read"])
    if done > len(work):
        gone = next((f": {text} is gone" for text, _ in known if has_ids), "")
        raise _refused(transaction.target, [f"{done} sources of {dim} are done, and there are {len(work)} now{gone}"])


def _bases(old: Sequence[int] | None, new: Sequence[int] | None) -> Iterator[str]:
    """In what two runs differ that bring a file up to date, or make a new one."""
    if old is not None and new is not None and old != new:
        yield "the file that it updates is another one now"
    elif old != new:
        yield f"it began {'without' if old is None else 'with'} `--update`"


def _said(value: object) -> str:
    return "none" if value is None else json.dumps(value)


def _refused(target: Path, found: Sequence[str]) -> UsageError:
    return UsageError(
        f"an unfinished run is there, and it cannot be gone on with:{stamp.listed(found)}",
        where=str(target),
        do=f"undo the change and run it again, which goes on; or begin anew: remove {target.name}.partial first",
    )
