"""Templates: the user's own first, then ours, found in the wheel or in the repository."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import jinja2
from jinja2.bccache import Bucket

from h5schema import __version__
from h5schema.errors import UsageError

from . import literals, printer

_PACKAGE = Path(__file__).resolve().parent.parent


def folder() -> Path:
    """Where our templates are: in an installed wheel beside the code, in a checkout beside the package."""
    inside = _PACKAGE / "templates"
    return inside if inside.is_dir() else _PACKAGE.parent / "templates"


class _Compiled(jinja2.FileSystemBytecodeCache):
    """Compiled templates, kept beside ours as Python keeps its own; where that is not possible, they are not kept.

    jinja2 compares the source before it takes one; its version, ours and Python's are in the name.
    """

    def __init__(self) -> None:
        kept = folder() / "__pycache__"
        with suppress(OSError):
            kept.mkdir(exist_ok=True)
        super().__init__(str(kept), f"%s.{sys.implementation.cache_tag}-{jinja2.__version__}-{__version__}.cache")

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps one template."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


@functools.lru_cache(maxsize=8)
def environment(overrides: Path | None) -> jinja2.Environment:
    """Templates in which an unknown name is an error; those in `overrides` shadow ours one by one."""
    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(path) for path in (overrides, folder()) if path]),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # the output is Python; every value is a literal or a checked name
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        bytecode_cache=_Compiled(),
    )
    cast("Any", made.globals).update(_WORDS)
    return made


def render(template: str, overrides: Path | None, values: Mapping[str, object]) -> str:
    """The text of one template."""
    try:
        return environment(overrides).get_template(template).render(values)
    except jinja2.TemplateError as error:
        raise UsageError(
            f"the template cannot be rendered: {error}",
            where=_place(error) or template,
            do="compare it with the template of the same name that comes with h5schema",
        ) from None


def _place(error: jinja2.TemplateError) -> str:
    """File and line of the innermost template."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        return f"{error.filename or error.name}:{error.lineno}"
    import traceback  # only once something is wrong

    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".jinja")]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def _call(
    function: str,
    *positional: printer.Code | None,
    options: tuple[tuple[str, printer.Code], ...] = (),
    **named: printer.Code | None,
) -> printer.Code:
    """A call as templates write it; what is None is left out, `options` come last."""
    arguments = [*(("", value) for value in positional), *named.items()]
    return printer.call(function, [*((key, value) for key, value in arguments if value is not None), *options])


_WORDS: Mapping[str, object] = {
    "annotate": printer.annotate,
    "assign": printer.assign,
    "call": _call,
    "class_head": printer.class_head,
    "docstring": literals.docstring,
    "from_import": printer.from_import,
    "literal": literals.literal,
    "subscript": printer.subscript,
    "version": ".".join(__version__.split(".")[:2]),
}
"""What templates may say beside their own values."""
