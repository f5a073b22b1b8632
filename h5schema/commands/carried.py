"""The schema that a file carries, and the package that is generated from it."""

from __future__ import annotations

from pathlib import Path

from h5schema import pipeline
from h5schema.errors import FileError, SchemaError


def text_in(file: Path) -> str:
    """The schema that a file carries."""
    from h5schema.runtime import stamp
    from h5schema.runtime.damage import readable
    from h5schema.runtime.opening import open_to_read

    with open_to_read(file) as opened, readable(str(file)):
        stamp.expect_ours(opened)
        return stamp.read_text(opened, stamp.SCHEMA)


def generated(text: str, file: Path, aside: Path) -> pipeline.Package:
    """The package of a schema that a file carries.

    Raises:
        FileError: This version does not take that schema.
    """
    written = aside / "schema.yaml"
    written.write_text(text, encoding="utf-8")
    try:
        return pipeline.generate([written], aside)[0]
    except SchemaError as error:
        first = error.problems[0]
        raise FileError(
            f"this h5schema does not take the schema in the file: line {first.location.line}: {first.message}",
            where=str(file),
            do="name the schema as it is today: --schema SCHEMA",
        ) from None
