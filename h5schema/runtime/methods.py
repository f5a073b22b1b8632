"""Methods of one feature's view: functions of the user's, imported when one of them is asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Self, TypeVar, cast, overload

from .functions import Function, folder_of

if TYPE_CHECKING:
    from .features import Feature
    from .file import Node
    from .view import View
    from .writer import Writer
    from .writing.view_writer import ViewWriter

ViewT = TypeVar("ViewT", bound="View[Any, Any]")
ResultT = TypeVar("ResultT")
EntryT = TypeVar("EntryT")
BlockT = TypeVar("BlockT")
P = ParamSpec("P")


class Method(Generic[ViewT, P, ResultT]):
    """A function that is handed the view, and whatever else it is called with: `file.wave.loudness(3)`.

    Args:
        function: Its name, `module:function`, found beside the package, then where Python looks. Type checkers are
            shown the function itself, from which they know the arguments and the result.
    """

    def __init__(self, function: Callable[Concatenate[ViewT, P], ResultT] | str) -> None:
        self._function = function

    @overload
    def __get__(self, view: None, owner: type) -> Self: ...
    @overload
    def __get__(self, view: ViewT, owner: type) -> Callable[P, ResultT]: ...
    def __get__(self, view: ViewT | None, owner: type) -> Self | Callable[P, ResultT]:
        """The function, with the view as its first argument: no frame of ours stands in its tracebacks."""
        if view is None:
            return self
        function: object = self._function
        if isinstance(function, str):
            function = Function(function, folder_of(view.file_class)).resolve()
        return partial(cast("Callable[Concatenate[ViewT, P], ResultT]", function), view)


if TYPE_CHECKING:

    class Seen(Feature[EntryT, BlockT], Generic[EntryT, BlockT, ViewT]):
        """A feature whose view is of a class of its own."""

        @overload
        def __get__(self, node: None, owner: type) -> Self: ...
        @overload
        def __get__(self, node: Writer, owner: type) -> ViewWriter[EntryT, BlockT]: ...
        @overload
        def __get__(self, node: Node, owner: type) -> ViewT: ...
        def __get__(self, node: Node | None, owner: type) -> Self | ViewWriter[EntryT, BlockT] | ViewT: ...
