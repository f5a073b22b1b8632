"""Figures that become files, drawn by us or by a function of the user's."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, cast

from h5schema.errors import UsageError, UserCodeError

from ..functions import Function, folder_of
from ..users_code import UsersCodeFailedError, users_code
from .figure import Which, plot, several

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..view import View

_FORMATS = ("png", "pdf", "svg")


def draw(
    view: View[object, object],
    which: Which,
    how: str = "",
    folder: Path | None = None,
) -> Figure:
    """A figure of some entries of a feature.

    Args:
        view: Of the feature.
        which: Ids or positions, one of them, or a slice; None: see `plot`.
        how: A kind of plot; or `module:function` that draws in our place: it is handed the view and `which`. "": the
            kind that suits the values.
        folder: Where its module is looked for first; None: beside the package.

    Raises:
        UserCodeError: The function failed, or returned no figure.
    """
    if ":" not in how:
        return plot(view, which, how or None)
    call = Function(how, folder or folder_of(view.file_class)).resolve()
    try:
        with users_code:
            made = call(view, several(view, which))
    except UsersCodeFailedError as failed:
        raise UserCodeError(
            f"it raised {type(failed.error).__name__}\n{failed.frames}", where=how, do="mend the function"
        ) from None
    if not hasattr(made, "savefig"):
        raise UserCodeError(f"it returned a {type(made).__name__}", where=how, do="return a matplotlib figure")
    return cast("Figure", made)


def save(figure: Figure, path: Path, dpi: int) -> None:
    """Writes a figure, in the format that the name says.

    Raises:
        UsageError: There is no such format, or the file cannot be written.
    """
    form = path.suffix[1:].lower()
    if form not in _FORMATS:
        raise UsageError(
            f"pictures are not written as {path.suffix or 'a file without an ending'}",
            where=str(path),
            do=f"end the name with {' or '.join(f'.{one}' for one in _FORMATS)}",
        )
    drawn = BytesIO()
    figure.savefig(drawn, dpi=dpi, format=form)
    try:
        path.write_bytes(drawn.getvalue())
    except OSError as error:
        raise UsageError(
            f"the picture cannot be written: {error.strerror}", where=str(path), do="choose another place with -o"
        ) from None
