"""Writing by hand: `with PhotosWriter.create("photos.h5") as w: w.photo["id"] = {...}`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast

from h5schema.errors import UsageError

from .file import File

if TYPE_CHECKING:
    from .any_reader import Paths
    from .spans import Access
    from .writing.recorder import Recorder


class Writer(File):
    """Makes a new file; it appears when the `with` block ends well, and not at all when it fails."""

    def _reader(self, path: Paths, access: Access) -> Recorder:
        from .writing.recorder import Recorder  # once something is written

        if not isinstance(path, str | os.PathLike):
            raise UsageError(f"{path!r} is no path", where=type(self).__name__, do="name the one file that is written")
        return Recorder(type(self), Path(path))

    @property
    def _recorder(self) -> Recorder:
        return cast("Recorder", self.bound.reader)

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        lengths: Mapping[str, int] | None = None,
    ) -> Self:
        """Begins a new file.

        Args:
            path: Final name of the file.
            overwrite: Whether a file of that name is replaced, once the new one is complete.
            lengths: By dim, how many entries it will have: it may then be filled by position, lies in one piece where
                it can, and is refused at the end if an entry is missing.

        Raises:
            TargetExistsError: There is a file of that name.
            UsageError: `lengths` names no dim of entries.
            FileError: It cannot be made.
        """
        writer = cls(path)
        writer._recorder.begin(overwrite=overwrite, lengths={} if lengths is None else lengths)
        return writer

    @classmethod
    def edit(cls, path: str | os.PathLike[str]) -> Self:
        """Begins to add and change entries of a finished file, which others may read meanwhile.

        What is committed, by `commit` or at the end of the `with` block, is part of the file at once and altogether;
        what is not is dropped when the block fails or the process is killed.

        Args:
            path: Of the file.

        Raises:
            FileError: It is not there, is of another schema, or another process changes it.
        """
        writer = cls(path)
        writer._recorder.edit()
        return writer

    def commit(self) -> None:
        """Makes durable what was given so far; of a file that is edited, also part of it."""
        self._recorder.transaction.commit()

    def publish(self) -> None:
        """Completes the file and gives it its final name; the end of a `with` block does it."""
        self._recorder.publish()

    def __enter__(self) -> Self:
        _ = self._recorder.transaction
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and self._recorder.is_open:
                self.publish()
        finally:
            self.close()
