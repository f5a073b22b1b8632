"""What would be done to a package on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from h5schema.errors import TargetExistsError, UsageError

from .manifest import MANIFEST, Manifest, digest

State = Literal["new", "changed", "edited", "same", "stale"]


class Change(NamedTuple):
    """What happens to one file.

    Attributes:
        path: Of the file.
        state: `new` and `changed` are written, `stale` is deleted; `edited` would be one of the last two,
            but somebody changed the file after we wrote it.
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

    @property
    def edited(self) -> tuple[Path, ...]:
        """Files whose changes, made by hand, would be lost."""
        return tuple(change.path for change in self.changes if change.state == "edited")


def plan(folder: Path, files: Mapping[str, str], schema: str) -> Plan:
    """Compares a package with what stands on disk.

    Args:
        folder: Of the package.
        files: What it should hold: text by file name.
        schema: File name of the schema.

    Raises:
        TargetExistsError: A file or folder is in the way that we did not write.
        UsageError: The folder or a file in it cannot be read.
    """
    contents = {name: text.encode() for name, text in files.items()}
    manifest = Manifest(schema, {name: digest(content) for name, content in contents.items()})
    ours = Manifest.of(folder).files
    before = {name: _content(folder / name) for name in sorted({*contents, *ours} - {MANIFEST})}
    if not ours:
        _expect_nothing_else(folder, {name for name, content in contents.items() if before[name] == content})
    changes = [
        Change(
            folder / name, _state(folder / name, there, contents.get(name), ours.get(name)), there, contents.get(name)
        )
        for name, there in before.items()
        if there is not None or name in contents
    ]
    return Plan(folder, (*changes, _manifest(folder / MANIFEST, manifest)))


def _state(path: Path, before: bytes | None, after: bytes | None, wrote: str | None) -> State:
    if before is None:
        return "new"
    if before == after:
        return "same"
    if wrote is None:
        raise TargetExistsError(
            "this file was not written by h5schema, and is not replaced",
            where=str(path),
            do="move it away, give the schema another `name`, or choose another folder with `-o`",
        )
    if digest(before) != wrote:
        return "edited"
    return "stale" if after is None else "changed"


def _manifest(path: Path, manifest: Manifest) -> Change:
    """It comes last, so that what it lists is there; nobody's work is lost with it."""
    before, after = _content(path), manifest.text.encode()
    state: State = "new" if before is None else "same" if before == after else "changed"
    return Change(path, state, before, after)


def _expect_nothing_else(folder: Path, same: set[str]) -> None:
    """Refuses a folder that is not ours: it may hold somebody's data."""
    known = {MANIFEST, "__pycache__", *same}
    others = sorted(child.name for child in folder.iterdir() if child.name not in known) if folder.is_dir() else []
    if others:
        shown = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
        raise TargetExistsError(
            f"this folder was not written by h5schema, and holds {shown}",
            where=str(folder),
            do="choose another folder with `-o`, give the schema another `name`, or move what is there away",
        )


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
