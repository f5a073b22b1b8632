"""What would be done to a package on disk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from h5schema.errors import TargetExistsError, UsageError

from .manifest import MANIFEST, Manifest, digest

State = Literal["new", "changed", "same", "stale"]


class Change(NamedTuple):
    """What happens to one file.

    Attributes:
        path: Of the file.
        state: `new` and `changed` are written, `stale` is deleted.
        before: What stands there.
        after: What will stand there; None if it is deleted.
    """

    path: Path
    state: State
    before: bytes | None
    after: bytes | None

    @property
    def diff(self) -> str:
        """The change as a unified diff."""
        import difflib  # only where a difference is shown: it costs start-up time

        before = (self.before or b"").decode("utf-8", "replace").splitlines(keepends=True)
        after = (self.after or b"").decode("utf-8", "replace").splitlines(keepends=True)
        old = "/dev/null" if self.before is None else self.path.as_posix()
        new = "/dev/null" if self.after is None else self.path.as_posix()
        lines = difflib.unified_diff(before, after, old, new)
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


class Plan(NamedTuple):
    """All changes of one package, in the order in which they are made."""

    folder: Path
    changes: tuple[Change, ...]

    @property
    def pending(self) -> tuple[Change, ...]:
        """The changes that change something."""
        return tuple(change for change in self.changes if change.state != "same")


def plan(folder: Path, files: Mapping[str, str], schema: str) -> Plan:
    """Compares a package with what stands on disk.

    Args:
        folder: Of the package.
        files: What it should hold: text by file name.
        schema: File name of the schema.

    Raises:
        TargetExistsError: A file is in the way that we did not write.
        UsageError: The folder or a file in it cannot be read.
    """
    contents = {name: text.encode() for name, text in files.items()}
    manifest = Manifest(schema, {name: digest(content) for name, content in contents.items()})
    ours = Manifest.of(folder).files
    changes = [
        *(_written(folder / name, content, known=name in ours) for name, content in sorted(contents.items())),
        *_stale(folder, sorted(ours.keys() - contents.keys() - {MANIFEST})),
        # Last, so that what it lists is there.
        _written(folder / MANIFEST, manifest.text.encode(), known=True),
    ]
    return Plan(folder, tuple(changes))


def _written(path: Path, content: bytes, *, known: bool) -> Change:
    before = _content(path)
    if before is None:
        return Change(path, "new", None, content)
    if before == content:
        return Change(path, "same", before, content)
    if not known:
        raise TargetExistsError(
            "this file was not written by h5schema, and is not replaced",
            where=str(path),
            do="move it away, rename the schema, or choose another folder with `-o`",
        )
    return Change(path, "changed", before, content)


def _stale(folder: Path, names: list[str]) -> Iterator[Change]:
    for name in names:
        before = _content(folder / name)
        if before is not None:
            yield Change(folder / name, "stale", before, None)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        raise TargetExistsError(
            "a file is in the way of the package's folder",
            where=str(path.parent),
            do="move it away, or choose another folder with `-o`",
        ) from None
    except OSError as error:
        raise UsageError(
            f"it cannot be read: {error.strerror}", where=str(path), do="look at its kind and its permissions"
        ) from None
