"""The user's functions: named in text, imported when they are called, found beside the schema first."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from h5schema.errors import UserCodeError
from h5schema.vocabulary.extractors import EXTRACTORS


@dataclass(frozen=True, slots=True)
class Function:
    """A function by name; it pickles as text, so a spawned worker finds it as the parent did.

    Args:
        name: A word of ours (`image`), or `module:function`.
        folder: Where the module is looked for first; None: only where Python looks.
    """

    name: str
    folder: Path | None = None

    def resolve(self) -> Callable[..., object]:
        """Imports the function.

        Raises:
            UserCodeError: Its module cannot be imported, or has no such function.
        """
        target = EXTRACTORS.get(self.name, self.name)
        module_name, _, attribute = target.partition(":")
        module = self._module(module_name)
        found: object = module
        for part in attribute.split("."):
            found = getattr(found, part, None)
        if not callable(found):
            raise UserCodeError(
                f"the module has no function {attribute!r}",
                where=f"{self.name} ({getattr(module, '__file__', module_name)})",
                do="look at its spelling; it is written `package.module:function`",
            )
        return found

    def _module(self, name: str) -> ModuleType:
        folder = None if self.folder is None else str(self.folder.resolve())
        if folder is not None and folder not in sys.path:
            sys.path.insert(0, folder)
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name is None or not (name == error.name or name.startswith(f"{error.name}.")):
                raise UserCodeError(
                    f"importing it fails: {error}", where=self.name, do=f"install {error.name}"
                ) from None
            raise UserCodeError(
                f"there is no module {name!r}",
                where=self.name,
                do=f"it is looked for in {folder or 'the Python path'} first, then where Python looks (PYTHONPATH)",
            ) from None
        except Exception as error:  # noqa: BLE001  whatever the user's module raises while it is imported
            raise UserCodeError(
                f"importing it fails\n{frames_of(error)}", where=self.name, do="mend the module"
            ) from None
        if self.folder is not None:
            _expect_from(self.folder, name, module)
        return module


def _expect_from(folder: Path, name: str, module: ModuleType) -> None:
    """Refuses the module of another folder, which an earlier import of the same name left behind."""
    base = folder.resolve().joinpath(*name.split("."))
    own = next((path for path in (base / "__init__.py", base.with_suffix(".py")) if path.is_file()), None)
    got = getattr(module, "__file__", None)
    if own is not None and (got is None or Path(got).resolve() != own):
        raise UserCodeError(
            f"another module of this name is imported already: {got or name}",
            where=str(own),
            do="give one of them another name; in one process a name is one module",
        )


def frames_of(error: BaseException) -> str:
    """The traceback of the user's own function: without the frames of this package."""
    ours = str(Path(__file__).resolve().parent.parent)
    shown = [
        frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith((ours, "<frozen"))
    ]
    lines = traceback.format_list(shown) + traceback.format_exception_only(error)
    return "".join(lines).rstrip()
