"""Extraction: what a generated package declares of it, and its call."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from h5schema.errors import TargetExistsError, UsageError
from h5schema.vocabulary.patterns import Pattern

from .. import codecs, system
from ..functions import folder_of
from ..model import Model, model_of
from ..sources import Found, find, untaken
from ..writer import Writer
from ..writing.claim import Claim, end_appearing, is_unfinished
from . import failure_list
from .across import expect_alone
from .after import After
from .calls import Calls
from .endings import told_to_go_on
from .how import DEFAULT, How
from .needs import needs_of
from .orders import Job
from .origins import Call, Origin
from .running import Running
from .spending import Spending
from .summary import Summary
from .updating import Update
from .work import works

if TYPE_CHECKING:
    from .planned import Plan


class Extraction:
    """How the features of a file are made from sources.

    Args:
        writer: The generated writer.
        sources: For each dim that has sources, their pattern.
        features: For each feature that is made, how; a feature comes after those it is made from.
        ids: For a dim, the template of its ids; else an id is the relative path.
        after: `module:function` that is handed the path of the file when it is complete.
    """

    def __init__(
        self,
        writer: type[Writer],
        *,
        sources: Mapping[str, str],
        features: Mapping[str, Origin],
        ids: Mapping[str, str] | None = None,
        after: str | None = None,
    ) -> None:
        self.writer = writer
        self.sources = dict(sources)
        self.features = dict(features)
        self.ids = dict(ids or {})
        self.after = after

    def run(
        self,
        sources: Sequence[str | Path],
        output: str | Path,
        *,
        overwrite: bool = False,
        update: bool = False,
        functions: Path | None = None,
        failures: str | Path | None = None,
        sync: bool = True,
        how: How = DEFAULT,
    ) -> Summary:
        """Extracts everything into a new file; if a run into it was stopped, goes on with that.

        Args:
            sources: Folders, single files, globs, lists (`@FILE`) or URLs.
            output: Final name of the file; it appears when the extraction is complete.
            overwrite: Whether a file of that name is replaced.
            update: Whether a file of that name is brought up to date: with the sources that it lacks or that have
                changed, and with new features; all else stays.
            functions: Folder in which the user's modules are looked for first; None: the folder
                in which the generated package lies.
            failures: File for a list of all sources that fail, as lines of JSON, also if all of them
                do; `overwrite` replaces another such list. None: none.
            sync: Whether commits, and the file before it gets its name, are forced to the disk. Without that a
                process that is killed still loses nothing, but a power cut may.
            how: Workers, failures, memory, progress.

        Returns:
            What was done. A source that fails is skipped and named there.

        Raises:
            UsageError: Nothing to extract; or an unfinished run is there that did something else.
            UserCodeError: A function cannot be imported, or no source at all could be extracted.
            TargetExistsError: The output is there, or the list of failures.
            FileError: The output or the list of failures cannot be written.
            StoppedError: Somebody stopped it; the same call goes on.
        """
        spending = Spending()
        target = Path(output)
        if overwrite and update:
            raise UsageError(
                "a file is brought up to date or replaced, not both",
                where=str(target),
                do="leave out --update or --overwrite",
            )
        listed = None if failures is None else Path(failures)
        replaces = overwrite or update or is_unfinished(target)  # a stopped run may have written its list
        if listed is not None:
            failure_list.expect_free(listed, target, overwrite=replaces)
        model = self._expect_possible()
        beside = functions or folder_of(self.writer)
        job = Job(self.writer, self.features, beside, str(target), how.retries)
        calls, after = Calls(job.features, job.functions), After(self.after, beside)
        with told_to_go_on(target):
            with spending.on("find"):
                found = {dim: self._find(sources, dim, model, job.functions) for dim in self.sources}
            for dim, one in found.items():
                system.expect_not_read(target, calls.files_of(model.led_by(dim), one.sources))
            if not (overwrite or update):
                _expect_free(target)
            updates = update and target.exists()
            if updates:
                expect_alone(model, self.sources, str(target))
            unmatched, given = self._unmatched(found), {dim: one.sources for dim, one in found.items()}
            claim = Claim(target, overwrite=overwrite or updates, resumes=True, sync=sync)
            old: Update | None = None
            try:
                with spending.on("find"):
                    old = Update(target, self.writer, self.parameters(), calls) if updates else None
                    work = works(model, given, calls) if old is None else old.work(given)
            except BaseException:
                claim.leave()
                if old is not None:
                    old.close()
                raise
            with old or nullcontext():
                job = job if old is None else job._replace(old=old.old)
                running = Running(claim, job, self.parameters(), work, how, spending, old)
                summary = running.run(calls, unmatched, listed, overwrite=replaces)
        after.call(target)
        return summary

    def plan(
        self,
        sources: Sequence[str | Path],
        output: str | Path | None = None,
        *,
        functions: Path | None = None,
        how: How = DEFAULT,
    ) -> Plan:
        """What `run` would make: some of the sources are loaded, in this process, and nothing is written.

        Args:
            sources: As `run` has them.
            output: Where there has to be room for the file; None: that is not looked at.
            functions: As `run` has them.
            how: Of which only the number of workers counts.

        Raises:
            UsageError: Nothing to extract.
            UserCodeError: A function cannot be imported, or no source could be loaded.
            FileError: The folder of the output is not there.
        """
        from .planning import Planning  # codecs are measured: for those who want to know

        model = self._expect_possible()
        beside = functions or folder_of(self.writer)
        calls = Calls(self.features, beside)
        found = {dim: self._find(sources, dim, model, beside).sources for dim in self.sources}
        target = None if output is None else Path(output)
        return Planning(model, calls, found, str(target or self.writer.schema.name)).plan(how, target)

    def _expect_possible(self) -> Model:
        """Refuses to begin where entries could not be complete, or a codec is not installed."""
        model = model_of(self.writer)
        _expect_made(model, self.sources, self.features)
        for feature in model.features.values():
            codecs.expect(feature.options.codec)
        return model

    def _find(self, sources: Sequence[str | Path], dim: str, model: Model, functions: Path) -> Found:
        needs = tuple(needs_of(dim, model, self.features))
        return find(sources, dim, self.sources[dim], self.ids.get(dim), needs=needs, functions=functions)

    def parameters(self) -> dict[str, object]:
        """What is stored in the file of how each feature was made."""
        return {address: origin.record() for address, origin in self.features.items()}

    def _unmatched(self, found: Mapping[str, Found]) -> Sequence[str]:
        """Files that no dim took, and that are no second file of an entry either."""
        seconds = [
            Pattern.parse(origin.source)
            for origin in self.features.values()
            if isinstance(origin, Call) and origin.source is not None
        ]
        return untaken(list(found.values()), seconds)

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """The command `python -m PACKAGE.extract`; returns its exit code."""
        from . import command  # argparse, for those who call it as a command

        return command.main(self, arguments)


def _expect_free(target: Path) -> None:
    end_appearing(target)
    if os.path.isfile(target):
        raise TargetExistsError(
            "the file exists already",
            where=str(target),
            do="say --update to bring it up to date, or --overwrite to replace it (in Python update=True, "
            "overwrite=True); or choose another name",
        )


def _expect_made(model: Model, sources: Mapping[str, str], features: Mapping[str, Origin]) -> None:
    """Refuses to begin where an entry could not be complete: a feature that nothing makes."""
    for address, place in model.places.items():
        if address in features or place.optional or (place.lead is not None and place.lead not in sources):
            continue
        if model.transposes(address) is not None:
            continue
        raise UsageError(
            f"nothing says how {address} is made",
            where=address,
            do="give it `call` or `from` in the schema, or write `optional: true`",
        )
