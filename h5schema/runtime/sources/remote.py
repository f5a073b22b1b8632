"""Files elsewhere, by URL, through fsspec; it is imported when a URL is given."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from h5schema.errors import DataError, H5SchemaError, MissingExtraError, UsageError
from h5schema.vocabulary.suggest import closest

from ..users_code import UsersCodeFailedError, users_code
from .globs import Glob
from .listing import Listing

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_STAR = re.compile(r"\*")
"""The one wildcard of a URL: `?` begins its query."""
_CHANGES = ("ETag", "etag", "mtime", "LastModified", "last_modified", "updated", "created", "date_time")
"""What file systems tell of when a file was changed; the first that is there is taken."""


def is_url(text: str) -> bool:
    """Whether a text names something elsewhere."""
    return _URL.match(text) is not None


class Remote(NamedTuple):
    """The beginning of a URL; what comes after `::` says where an archive lies.

    Attributes:
        url: Without the slash at its end.
        outer: `::` and the rest, or nothing.
    """

    url: str
    outer: str = ""

    def at(self, relative: str) -> str:
        """The URL of a file."""
        joined = f"{self.url}{'' if self.url.endswith('/') else '/'}{relative}" if relative else self.url
        return joined + self.outer

    def path(self, relative: str) -> Path:
        """The URL, to show: nothing lies there."""
        return Path(self.at(relative))

    @contextmanager
    def local(self, relative: str) -> Generator[Path]:
        """A copy of the same name, removed afterwards.

        Raises:
            DataError: It cannot be fetched.
        """
        with tempfile.TemporaryDirectory(prefix="h5schema-") as folder:
            copy = Path(folder, relative.rpartition("/")[2] or "source")
            with _answers(self.at(relative), DataError):
                files, base = _opened(self)
                files.get_file(_in(base, relative), str(copy))
            yield copy

    def kind(self, relative: str) -> str:
        """Whoever fetches it will say."""
        return ""

    def exists(self, relative: str) -> bool:
        """Whether the file is there.

        Raises:
            DataError: Nobody answers.
        """
        with _answers(self.at(relative), DataError):
            files, base = _opened(self)
            return files.exists(_in(base, relative))

    def stat(self, relative: str) -> tuple[int, int]:
        """Its bytes, and when it was changed, or a hash of what names its state; -1 where nobody knows.

        Raises:
            DataError: Nobody answers.
        """
        with _answers(self.at(relative), DataError):
            files, base = _opened(self)
            told = files.info(_in(base, relative))
        size = told.get("size")
        return size if isinstance(size, int) else -1, _changed(told)


def below(url: str, folder: str = "") -> Remote:
    """What lies in the folder that a URL names, or in one below that."""
    inner, sep, outer = url.partition("::")
    root = Remote(inner if inner.endswith("://") else inner.rstrip("/"), sep + outer)
    return Remote(root.at(folder).removesuffix(root.outer), root.outer)


def remote(url: str, depth: int | None) -> tuple[Remote, str]:
    """A URL as if its beginning, so many parts above, had been given."""
    inner, sep, outer = url.partition("::")
    protocol, _, path = inner.partition("://")
    parts = path.split("/")
    most = len(parts) if outer else len(parts) - 1  # the first is a host or a bucket, except in an archive
    depth = min(depth or most, most) or 1
    above = "/".join(parts[:-depth]) or path[: path.startswith("/")]
    return Remote(f"{protocol}://{above}", sep + outer), "/".join(parts[-depth:])


def listing(url: str, depth: int | None) -> Listing:
    """What lies at a URL: one file, all below a folder, or what a glob takes.

    Raises:
        UsageError: Nothing is there, nobody answers, or no file system of that protocol is known.
        MissingExtraError: What speaks the protocol is not installed.
    """
    inner, sep, outer = url.partition("::")
    if _STAR.search(inner):
        glob = Glob.parse(inner, _STAR)
        root = Remote(glob.folder, sep + outer)
        return Listing(root, glob.taken(iter([_below(root)])), distinct=True)
    root = below(url)
    with _answers(url, UsageError):
        files, path = _opened(root)
        kind = files.info(path)["type"]
    if kind == "file":
        parent, name = remote(url, 1 if depth is None else depth)
        return Listing(parent, [[name]], distinct=True)
    return Listing(root, iter([_below(root)]), distinct=True)


def _below(root: Remote) -> list[str]:
    """All files below, sorted, without what is hidden."""
    with _answers(root.at(""), UsageError):
        files, base = _opened(root)
        found = files.find(base)
    start = len(base.rstrip("/"))
    names = (path[start:].lstrip("/") for path in found)
    return sorted(name for name in names if not any(part.startswith(".") for part in name.split("/")))


def _opened(root: Remote) -> tuple[AbstractFileSystem, str]:
    return _connected(root, os.getpid())


@lru_cache(maxsize=64)
def _connected(root: Remote, process: int) -> tuple[AbstractFileSystem, str]:
    """The file system of a root and the path in it, opened once in each process: connections are not inherited."""
    from fsspec.core import url_to_fs

    return url_to_fs(root.at(""))


def _in(base: str, relative: str) -> str:
    return f"{base.rstrip('/')}/{relative}" if base else relative


def _changed(told: Mapping[str, object]) -> int:
    value = next((told[key] for key in _CHANGES if told.get(key) is not None), None)
    match value:
        case None:
            return -1
        case float() | int():
            return int(value * 1_000_000_000)
        case datetime():
            return int(value.timestamp() * 1_000_000_000)
        case _:
            return int.from_bytes(blake2b(str(value).encode(), digest_size=7).digest())


@contextmanager
def _answers(url: str, kind: type[H5SchemaError]) -> Generator[None]:
    """What a file system of fsspec raises, in our words."""
    try:
        with users_code:
            yield
    except UsersCodeFailedError as failed:
        raise _said(url, failed.error, kind) from None


def _said(url: str, error: BaseException, kind: type[H5SchemaError]) -> H5SchemaError:
    match error:
        case ModuleNotFoundError(name="fsspec" | "fsspec.core"):
            return MissingExtraError("reading URLs needs fsspec", where=url, do="pip install 'h5schema[remote]'")
        case ImportError():
            return MissingExtraError(str(error), where=url, do="fsspec reads this protocol by way of that package")
        case FileNotFoundError():
            return kind("nothing is there", where=url, do="look at the URL")
        case ValueError() if str(error).startswith("Protocol not known"):
            return _unknown(url)
        case _:
            reason = " ".join(str(error).split()) or "no reason is given"
            return kind(
                f"it cannot be read: {type(error).__name__}: {reason}",
                where=url,
                do="look at the URL, the network and what you may read there",
            )


def _unknown(url: str) -> UsageError:
    from fsspec import available_protocols

    protocol = url.partition("://")[0]
    near = closest(protocol, available_protocols())
    return UsageError(
        f"fsspec knows no protocol {protocol!r}",
        where=url,
        do=f"did you mean {near}://?" if near else "write one such as s3://, https:// or zip://",
    )
