"""Whether a package is what its schema would become, found without generating it. Standard library only.

A key over everything that decides the output, and over the output itself, is kept
beside Python's own caches. If anything at all differs, the package is generated anew.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from h5schema.vocabulary.bundle import MARKED

from .manifest import MANIFEST, Manifest
from .write import put


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


_KEY = Path("__pycache__") / "h5schema.key"
_NAME = re.compile(rb"^name:[ \t]*[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?[ \t]*(?:#.*)?\r?$", re.MULTILINE)
_GENERATOR = ("emit", "parse", "render", "resolve", "spec", "vocabulary")
_HERE = Path(__file__).resolve().parent.parent


def package_of(schema: bytes) -> str | None:
    """The name of the package of a schema, if it can be seen without reading YAML."""
    found = _NAME.findall(schema)
    return str(found[0], "ascii") if len(found) == 1 else None


def key(schema: bytes, path: Path, folder: Path, overrides: Path | None) -> str | None:
    """A digest of schema, generator, templates and the package as it stands; None if the package is not whole.

    Args:
        schema: Its bytes.
        path: Of the schema; those that it mounts are found from there, and named in the package.
        folder: Of the package.
        overrides: Folder of templates that shadow ours.
    """
    digest = hashlib.sha256(repr((sys.version_info[:3], path.name, overrides is None)).encode())
    _add(digest, [("schema", schema)])
    try:
        _add(digest, _generator())
        if overrides is not None:
            _add(digest, _tree(overrides, "**/*"))
        names = sorted({*Manifest.of(folder).files, MANIFEST})
        files = [(name, (folder / name).read_bytes()) for name in names]
        brought = {mark[1] for _, text in files for mark in MARKED.finditer(text.decode("utf-8", "replace"))}
        elsewhere = brought.difference(mark[1] for mark in MARKED.finditer(schema.decode("utf-8", "replace")))
        _add(digest, [*files, *((one, (path.parent / one).read_bytes()) for one in sorted(elsewhere))])
    except OSError:
        return None
    return digest.hexdigest()


def remembered(folder: Path) -> str | None:
    """The key that was kept when the package was last generated."""
    try:
        return (folder / _KEY).read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return None


def remember(folder: Path, key: str) -> None:
    """Keeps a key; where that is not possible, the package is generated again next time."""
    with suppress(OSError):
        put(folder / _KEY, key.encode())


def _generator() -> Iterator[tuple[str, bytes]]:
    for name in ("__init__.py", "errors.py", "pipeline.py"):
        yield name, (_HERE / name).read_bytes()
    for part in _GENERATOR:
        yield from _tree(_HERE / part, "**/*.py")
    inside = _HERE / "templates"
    yield from _tree(inside if inside.is_dir() else _HERE.parent / "templates", "**/*")


def _tree(folder: Path, pattern: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.glob(pattern)):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _add(digest: _Digest, parts: Iterable[tuple[str, bytes]]) -> None:
    for name, content in parts:
        # Lengths keep two parts from being read as one.
        digest.update(f"{len(name)} {len(content)} {name}".encode())
        digest.update(content)
