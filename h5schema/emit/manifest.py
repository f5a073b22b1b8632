"""The manifest: which files of a package are ours, and what we wrote in them. Standard library only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, cast

from h5schema import __version__

MANIFEST = ".h5schema.json"


def digest(content: bytes) -> str:
    """`sha256:` and 64 hex digits."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Manifest(NamedTuple):
    """What stands in `.h5schema.json`.

    Attributes:
        schema: File name of the schema.
        files: Digest of each file's content, by name.
    """

    schema: str
    files: Mapping[str, str]

    @property
    def text(self) -> str:
        """The manifest as it is written: sorted, the same on every machine."""
        record = {"files": dict(self.files), "schema": self.schema, "tool": f"h5schema {__version__}"}
        return json.dumps(record, indent=2, sort_keys=True, ensure_ascii=True) + "\n"

    @classmethod
    def of(cls, folder: Path) -> Manifest:
        """The manifest of a package; an empty one if there is none, or none that can be trusted."""
        try:
            record: object = json.loads((folder / MANIFEST).read_text("utf-8"))
        except (OSError, ValueError):
            return cls("", {})
        if not isinstance(record, dict):
            return cls("", {})
        files: object = cast("dict[str, object]", record).get("files")
        if not isinstance(files, dict):
            return cls("", {})
        # A name that leads out of the package is never ours, whoever wrote it there.
        return cls("", {k: v for k, v in cast("dict[str, str]", files).items() if Path(k).name == k and k != ".."})
