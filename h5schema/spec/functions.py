"""Names of functions: words of ours, and `module:function`."""

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue

from h5schema.parse.words import shown
from h5schema.vocabulary.sources import source_kind

from .base import mistake, said

_DOTTED = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_CODE = re.compile(f"{_DOTTED}:{_DOTTED}", re.ASCII)
_WORD = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_FILE = re.compile(r"\.py(?=:)")


def _code(value: object) -> object:
    if not isinstance(value, str):
        raise mistake(
            "wrong-type", f"the name of a function belongs here, not {said(value)}", "write my_module:my_function"
        )
    if not _CODE.fullmatch(value) or _FILE.search(value):
        raise mistake("bad-import-path", _wrong(value), f"write {_meant(value)}")
    return value


def _wrong(value: str) -> str:
    name = shown(value)
    if "/" in value or "\\" in value:
        return f"'{name}' is a path: a function is written module:function"
    if value.endswith(".py") or _FILE.search(value):
        return f"'{name}' names a file: a module is written without .py"
    if value.endswith(")"):
        return f"'{name}' is a call: a function is written without ( )"
    if "-" in value and _CODE.fullmatch(value.replace("-", "_")):
        return f"'{name}' holds a '-', which no name in Python has: name the file with '_', too"
    return f"'{name}' is not of the form module:function"


def _meant(value: str) -> str:
    """What was likely meant: of a path its folders as packages, of dotted names the last as the function."""
    path, _, function = value.partition("(")[0].replace("\\", "/").rpartition(":")
    if not path and not function.endswith(".py"):
        path, _, function = function.rpartition(".")
    elif not path:
        path, function = function, "my_function"
    folders = [part for part in path.removesuffix(".py").split("/") if part != "."]
    within = all(_WORD.fullmatch(part) for part in folders)  # else the path leads out of the folder of the schema
    likely = f"{'.'.join(folders) if within else folders[-1]}:{function}".replace("-", "_")
    return likely if _CODE.fullmatch(likely) else "my_module:my_function"


def source_of_entries(value: str) -> str:
    """A pattern or a table as it is; what looks like a function must be one."""
    if source_kind(value) == "function":
        _code(value)
    return value


def _word_or_code(value: object) -> object:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else _code(value)


_PATTERN = f"{_DOTTED}(?<!\\.py):{_DOTTED}"

CODE: JsonSchemaValue = {"type": "string", "pattern": f"^{_PATTERN}$"}
Code = Annotated[str, BeforeValidator(_code), WithJsonSchema(CODE)]
"""`module:function`, found from the folder of the schema first."""
WordOrCode = Annotated[
    str,
    BeforeValidator(_word_or_code),
    WithJsonSchema({"type": "string", "pattern": f"^({_WORD.pattern}|{_PATTERN})$"}),
]
"""A word of ours, or `module:function`."""
