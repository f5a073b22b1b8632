"""State dicts of torch: as tensors again, and with what is in them beside tensors. Nothing is pickled."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from torch import Size, Tensor

from h5schema.errors import DataError

from ..any_values import BYTES, TEXT, Record, is_number, record_of
from ..node_paths import INSIDE
from ..state_dict import StateDict, flattened
from .forms import from_numpy

Value: TypeAlias = "Tensor | str | bytes"
_Numbers: TypeAlias = "NDArray[np.generic]"

STRUCTURE = "structure.json"
"""Name of the text that says how packed values belong together."""
_MOST_DEEP = 100
_PLAIN = (type(None), bool, int, str)
_DICTS: tuple[type, ...] = (dict, OrderedDict)
_KINDS: tuple[type, ...] = (dict, list, tuple, str, int, float)


def tensors(state: Mapping[str, object]) -> dict[str, Value]:
    """What `load_state_dict` of a model takes: a tensor of each array, bfloat16 too, in memory of its own.

    Args:
        state: A state dict of a file, or arrays by name.

    Raises:
        DataError: torch has no such numbers.
    """
    return {name: _value(name, record) for name, record in _records(state).items()}


def packed(state: object) -> dict[str, object]:
    """Everything in lists, tuples and dicts of any keys, as values by name: the state of an optimizer, say.

    Tensors and arrays are values by themselves; numbers, texts and None stand in one more, the text `structure.json`.
    Mappings come back as dicts, parameters as tensors without gradients, `torch.Size` as a tuple, arrays little-endian.

    Args:
        state: The value; `unpacked` gives it back.

    Raises:
        DataError: Something in it is an object of another kind, or would come back as another.
    """
    packing = _Packing()
    packing.found[STRUCTURE] = ""  # no other value has its name
    structure = packing.structure(state)
    return {**packing.found, STRUCTURE: json.dumps(structure, allow_nan=False)}


def unpacked(state: Mapping[str, object]) -> object:
    """What was packed, with tensors in memory of their own.

    Raises:
        DataError: It was not packed.
    """
    records = _records(state)
    said = records.pop(STRUCTURE, None)
    where = repr(state) if isinstance(state, StateDict) else "the state"
    if said is None or said.dtype != TEXT:
        raise DataError(f"there is no text {STRUCTURE}", where=where, do="give what `packed` made")
    try:
        return _restored(json.loads(said.data), records)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise DataError(f"{STRUCTURE} is not what `packed` writes", where=where, do="give what `packed` made") from None


def _records(state: Mapping[str, object]) -> dict[str, Record]:
    if isinstance(state, StateDict):
        return state.records()
    return {name: record_of(value, name) for name, value in flattened(state, "the state").items()}


def _value(name: str, record: Record) -> Value:
    if record.dtype == TEXT:
        return record.data.decode()
    if record.dtype == BYTES:
        return record.data
    try:
        return from_numpy(record.stored.copy())
    except TypeError:
        raise DataError(f"torch has no {record.dtype}", where=name, do="read it as an array: state[name]") from None


_VALUES: Mapping[str, tuple[type, ...]] = {
    "array": (np.ndarray, np.memmap),
    "bytes": (bytes,),
}
"""What becomes a value by itself, by the word of the structure, beside tensors and numpy's numbers."""
_ALIKE: Mapping[str, tuple[type, ...]] = {"list": (list,), "tuple": (tuple, cast("type", Size))}
"""Sequences, by the word of the structure; what is another kind of them, such as a named tuple, would be lost."""


class _Packing:
    """Values that are packed, by name; and the folders of their names."""

    def __init__(self) -> None:
        self.found: dict[str, object] = {}
        self._folders: set[str] = set()

    def structure(self, value: object, at: tuple[str, ...] = ()) -> object:
        """What JSON says of a value, at these keys."""
        if type(value) in _PLAIN:
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"float": str(value)}
        if len(at) > _MOST_DEEP:
            raise DataError(f"there are more than {_MOST_DEEP} levels", where=INSIDE.join(at[:5]), do="give it flatter")
        if _is_mapping(value):
            pairs = cast("Mapping[object, object]", value).items()
            return {"dict": [[_key(key, at), self.structure(one, (*at, str(key)))] for key, one in pairs]}
        if (word := _word(value, _ALIKE)) is not None:
            items = enumerate(cast("Sequence[object]", value))
            return {word: [self.structure(one, (*at, str(number))) for number, one in items]}
        kind = _kind(value)
        if kind is None:
            raise _unlike(value, at)
        name = self._name(at)
        self.found[name] = value
        return {kind: name}

    def _name(self, at: tuple[str, ...]) -> str:
        """The keys as the path of a dataset; another one, where they are none or another value lies in the way."""
        plain = bool(at) and all(part not in ("", ".", "..") and not {INSIDE, "\0"} & {*part} for part in at)
        name = INSIDE.join(at)
        folders = {INSIDE.join(at[:end]) for end in range(1, len(at))}
        if not plain or name in self._folders | self.found.keys() or folders & self.found.keys() or at[0] == _OTHERS:
            return f"{_OTHERS}{INSIDE}{len(self.found)}"
        self._folders |= folders
        return name


def _is_mapping(value: object) -> bool:
    """Whether it comes back as an equal dict; another kind of dict would lose what it is."""
    return type(value) in _DICTS or (isinstance(value, Mapping) and not isinstance(value, dict))


def _word(value: object, kinds: Mapping[str, tuple[type, ...]]) -> str | None:
    return next((word for word, types in kinds.items() if type(value) in types), None)


def _kind(value: object) -> str | None:
    """The word of a value that is one by itself; None: it is none."""
    if isinstance(value, Tensor):
        return "tensor"
    word = "scalar" if isinstance(value, np.generic) else _word(value, _VALUES)
    return None if word in ("array", "scalar") and not is_number(cast("_Numbers", value).dtype) else word


def _unlike(value: object, at: tuple[str, ...]) -> DataError:
    plain = next((one.__name__ for one in _KINDS if isinstance(value, one)), None)
    said = f"an array of {cast('_Numbers', value).dtype}" if type(value) is np.ndarray else f"a {_name(value)}"
    instead = f"give {plain}(...) of it, which is what would come back"
    return DataError(
        f"{said} is no tensor, array, number, text, list or dict, and nothing is pickled",
        where=INSIDE.join(at) or "the state",
        do=instead if plain else "give what it is made of, such as its state_dict(), or leave it out",
    )


def _name(value: object) -> str:
    return type(value).__name__


_OTHERS = "values"
"""Folder of values whose keys are no names."""


def _key(key: object, at: tuple[str, ...]) -> object:
    if type(key) in _PLAIN:
        return key
    raise DataError(f"{key!r} is a key", where=INSIDE.join(at) or "the state", do="keys are texts or whole numbers")


def _restored(structure: object, records: Mapping[str, Record]) -> object:
    if not isinstance(structure, dict):
        return structure
    ((word, held),) = cast("dict[str, object]", structure).items()
    if word == "float":
        return float(str(held))
    if word == "dict":
        pairs = cast("list[tuple[str, object]]", held)
        return {key: _restored(one, records) for key, one in pairs}
    if word in ("list", "tuple"):
        items = [_restored(one, records) for one in cast("list[object]", held)]
        return items if word == "list" else tuple(items)
    record = records[str(held)]
    if word == "scalar":
        return record.array[()]
    return record.array.copy() if word == "array" else _value(str(held), record)
