"""The name under which a file is made: one process has it at a time, and what a killed one left is found there."""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import cast

from h5schema.errors import FileError

from .. import locks, system
from . import journal
from .lost import expect_kept
from .overlay import Overlay
from .sink import Sink


class Claim:
    """`NAME.partial` beside the target, which nobody else writes until this is let go.

    Args:
        target: Final name of the file.
        overwrite: Whether a file at the final name is replaced (when this one is complete).
        resumes: Whether a later run may go on with what was committed.
        sync: Whether commits, and the whole file, are forced to the disk.

    Attributes:
        partial: Absolute path of the file in the making; the working directory may change meanwhile.
        state: What an earlier run committed; None: there is nothing to go on with.

    Raises:
        TargetExistsError: The target exists, and `overwrite` is not set.
        FileError: The folder cannot be written, another process has the name, or an unfinished run would be lost.
    """

    def __init__(self, target: Path, *, overwrite: bool, resumes: bool, sync: bool) -> None:
        with system.explained(target):
            real = Path(os.path.realpath(target))
        end_appearing(real)
        system.expect_target(real, overwrite=overwrite)
        if overwrite and real.exists():
            with system.explained(target):
                locks.expect_unwritten(real)
        self.target = target
        self.sync = sync
        self.state: Mapping[str, object] | None = None
        self._overwrite = overwrite
        self._final = Path(os.path.realpath(target))  # a link stays one, and the file is made where it leads
        self.partial = system.partial_of(self._final)
        with system.explained(target):
            handle = locks.claim(self.partial)
            try:
                self.sink = self._sink(handle, resumes=resumes)
            except BaseException:
                os.close(handle)
                raise

    def _sink(self, handle: int, *, resumes: bool) -> Sink:
        expect_kept(self.partial, handle, self.target)
        if not resumes:
            if journal.is_needed(self.partial, handle):
                raise FileError(
                    "an extraction into this file was stopped, and would be lost",
                    where=str(self.target),
                    do=f"run the extraction again, which goes on with it; or remove {self.partial.name}",
                )
            journal.drop(self.partial, sync=self.sync)
            os.ftruncate(handle, 0)
            return Sink(self.partial, handle, None, sync=self.sync)
        kept = journal.Journal(self.partial, sync=self.sync)
        done = kept.recover(handle)
        if done is None:
            os.ftruncate(handle, 0)
            kept.begin()
            return Sink(self.partial, handle, kept, sync=self.sync)
        self.state = cast("Mapping[str, object]", json.loads(done.state))
        return Sink(self.partial, handle, kept, done.size, sync=self.sync)

    def appear(self) -> None:
        """Gives the complete file its final name, in one step.

        Raises:
            TargetExistsError: Meanwhile another program made the target.
        """
        with system.explained(self.target):
            journal.disown(self._final, self.partial, sync=self.sync)
            system.appear(self.partial, self._final, overwrite=self._overwrite)
            if self.sync:
                system.sync(self._final.parent)
            journal.drop(self.partial, sync=False)
            self.partial.unlink(missing_ok=True)  # after the journal, which would be in nobody's way for ever
            self.sink.close(keep=False)

    def forget(self) -> None:
        """What was committed is of no use to a later run."""
        self.sink.committed = 0

    def leave(self) -> None:
        """Lets go of the name; what was committed stays for a later run, and nothing else does."""
        if self.sink.committed:
            self.sink.close(keep=True)
        else:
            self.partial.unlink(missing_ok=True)
            self.sink.close(keep=False)


def is_unfinished(target: Path) -> bool:
    """Whether a run into a file was stopped, which another one may go on with."""
    with system.explained(target):
        return journal.path_of(system.partial_of(target)).exists()


def end_appearing(target: Path) -> None:
    """Takes its first name from a complete file: its writer was killed when it had two."""
    partial = system.partial_of(target)
    with system.explained(target):
        if not system.has_two_names(partial, target):
            return
        handle = locks.claim(partial)
        try:
            if system.has_two_names(partial, target):
                journal.drop(partial, sync=False)
                partial.unlink()
        finally:
            os.close(handle)


class Standing:
    """A finished file that is changed where it stands; others may read it meanwhile.

    Its journal stands beside it as long as a reader may need the file as it was.

    Args:
        target: The file.
        sync: Whether commits are forced to the disk.

    Raises:
        FileError: It is not there, may not be written, or another process changes it.
    """

    def __init__(self, target: Path, *, sync: bool) -> None:
        self.target = target
        self.sync = sync
        self.partial = Path(os.path.abspath(target))
        self.state: Mapping[str, object] | None = None
        with system.explained(target):
            handle = locks.claim_standing(self.partial)
            try:
                self.sink = self._sink(handle)
            except BaseException:
                os.close(handle)
                raise

    def _sink(self, handle: int) -> Sink:
        kept = journal.Journal(self.partial, sync=self.sync)
        found = kept.resume(handle)
        size = journal.end_of(handle)
        overlay = Overlay()
        if found is None:
            kept.begin(journal.base_of(handle))
        else:
            size = found.commit.size
            for offset, data in found.pages:
                overlay.write(offset, memoryview(data))
            deque(overlay.fresh(), maxlen=0)  # they are in the journal
        return Sink(
            self.partial,
            handle,
            kept,
            size,
            sync=self.sync,
            overlay=overlay,
            alone=partial(locks.alone, handle),
            standing=True,
        )

    def appear(self) -> None:
        """Brings what was committed into the file, unless somebody reads it; then a later writer does."""
        with system.explained(self.target):
            settled = self.sink.settle()
            self.sink.close(keep=not settled)

    def leave(self) -> None:
        """Lets go of the file as it was committed."""
        self.sink.close(keep=True)
