"""The user's functions: named in text, imported when they are called, found beside the schema first."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from h5schema.errors import UserCodeError
from h5schema.vocabulary.extractors import EXTRACTORS

from .users_code import UsersCodeFailedError, users_code


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
            with users_code:
                module = importlib.import_module(name)
        except UsersCodeFailedError as failed:
            what, do = _why_not(name, failed, folder)
            raise UserCodeError(what, where=self.name, do=do) from None
        if self.folder is not None:
            _expect_from(self.folder, name, module)
        return module


def folder_of(made: type) -> Path:
    """The folder that holds the package of a generated class: the user's modules are looked for there first."""
    return Path(str(sys.modules[made.__module__].__file__)).resolve().parent.parent


def _why_not(name: str, failed: UsersCodeFailedError, folder: str | None) -> tuple[str, str]:
    """Why a module is not imported, and what to do."""
    missing = failed.error.name if isinstance(failed.error, ModuleNotFoundError) else None
    if missing is None:
        return f"importing it fails\n{failed.frames}", "mend the module"
    if name == missing or name.startswith(f"{missing}."):
        looked = f"it is looked for in {folder or 'the Python path'} first, then where Python looks (PYTHONPATH)"
        return f"there is no module {name!r}", looked
    return f"importing it fails\n{failed.frames}", f"install {missing}"


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
