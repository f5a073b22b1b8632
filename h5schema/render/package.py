"""The files of a package."""

from __future__ import annotations

from pathlib import Path

from h5schema.resolve.ir import SchemaIR

from . import extract, groups, loaders
from .imports import in_order
from .literals import literal, name
from .printer import Bracketed
from .templates import render
from .types import features_of


def package(schema: SchemaIR, overrides: Path | None = None) -> dict[str, str]:
    """All files of the package of a schema, by name.

    Args:
        schema: The resolved schema.
        overrides: Folder of templates that shadow ours.

    Raises:
        UsageError: A template of the user's cannot be rendered, or a text is none that Python could hold.
    """
    classes = {schema.class_name} if schema.bind else {schema.class_name, schema.writer_name}
    classes |= {feature.view for feature in features_of(schema.root) if feature.view}
    views = {
        "__init__.py": [name(schema.name), *map(name, classes)],
        "groups.py": groups.view(schema),
        "extract.py": None if schema.bind else extract.view(schema),
        "loaders.py": loaders.view(schema),
    }
    exported = in_order(classes)
    common = {
        "schema": schema,
        "doc": schema.doc if schema.doc.strip() else f"Files of the schema {schema.name}.",
        "exported": exported,
        "all": Bracketed("[", tuple(("", literal(each)) for each in exported), "]"),
    }
    files = {
        file: render(f"package/{file}.jinja", overrides, {**common, "view": view})
        for file, view in views.items()
        if view is not None
    }
    return {**files, "py.typed": "", "schema.yaml": schema.text}
