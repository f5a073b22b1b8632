"""Where the schemas are that others mount: behind the text that mounts them, or in files beside it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from h5schema.errors import H5SchemaError
from h5schema.parse.load import Parsed, load

Read = Callable[[Path], bytes]
"""The bytes of a file; raises an `H5SchemaError` or an `OSError` if it cannot be read."""


class Library(NamedTuple):
    """The schemas that one may mount.

    Attributes:
        folder: In which the first schema lies.
        read: Reads a file.
        key: Path of the schema from the folder of the first one; of that, its name.
        shelf: Path of the schema within the text that it came along in.
        brought: Texts that came along in one text with the schema, by their paths in it.
    """

    folder: Path
    read: Read = Path.read_bytes
    key: str = ""
    shelf: str = ""
    brought: Mapping[str, str] = {}

    def keyed(self, path: str) -> str:
        """The path of another schema from the folder of the first one, as this schema says it."""
        return posixpath.normpath(posixpath.join(posixpath.dirname(self.key), path))

    def opened(self, path: str, parsed: Parsed) -> tuple[Parsed, Library]:
        """Another schema, and what it may mount in turn.

        Args:
            path: As this schema says it.
            parsed: This schema.

        Raises:
            H5SchemaError: The file cannot be read.
        """
        key, shelf = self.keyed(path), posixpath.normpath(posixpath.join(posixpath.dirname(self.shelf), path))
        brought = parsed.brought or self.brought
        if shelf in brought:
            found = load(brought[shelf], parsed.source.file)
            return found, self._replace(key=key, shelf=shelf, brought=brought)
        shown = str(Path(parsed.source.file).parent / path)
        file = self.folder / key
        try:
            found = load(self.read(file), shown)
        except H5SchemaError as error:
            raise H5SchemaError(error.what, do=error.do.replace(f"{file.parent}/", "")) from None
        except OSError as error:
            raise H5SchemaError(f"it cannot be read: {error.strerror}", do="look at the path") from None
        return found, self._replace(key=key, shelf="", brought={})
