"""Checkpoints that torch saved, of which nothing is executed."""

from __future__ import annotations

import pickle
import re
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError, MissingExtraError
from h5schema.vocabulary.extractors import Whole

if TYPE_CHECKING:
    from torch import Tensor

Value: TypeAlias = "NDArray[np.generic] | Tensor | Mapping[str, Value] | Sequence[Value] | str | bytes | float | None"
Keys: TypeAlias = "tuple[str, ...]"

_SAFE = (2, 6)
"""The first torch whose `weights_only` executes nothing (CVE-2025-32434)."""
_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")
_DAMAGE = (ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, TypeError, ValueError)
"""What torch raises, besides its own errors, on bytes that it did not write."""
_SHOWN = 10


def load(path: Path, *, item: str | None = None) -> object:
    """Reads a checkpoint: tensors, numbers and texts, and mappings and lists of these.

    Args:
        path: Of the file that `torch.save` wrote.
        item: Which value, by the keys that lead to it: `model/fc.weight`; `""` is all of it. None: each feature takes
            the value of its name.

    Returns:
        Arrays, in mappings whose keys are texts; a tensor of bfloat16, which numpy has not, stays a tensor.

    Raises:
        DataError: It is no checkpoint, is damaged, lacks the item, or holds objects, which could run code.
        MissingExtraError: torch is not installed, or is older than 2.6.
    """
    try:
        found = _plain(_loaded(path), str(path), ())
    except RecursionError:
        raise DataError(
            "the checkpoint is nested too deep, or holds itself", where=str(path), do="look at it"
        ) from None
    if item is None:
        return found
    for step in item.split("/") if item else ():
        if not isinstance(found, Mapping) or step not in found:
            raise DataError(f"the checkpoint has no {item!r}: no {step!r}", where=str(path), do=_known(found))
        found = found[step]
    return Whole(found)


def _known(found: Value) -> str:
    if not isinstance(found, Mapping):
        return "what comes before it is no mapping"
    keys = list(found)
    return f"there are {', '.join(keys[:_SHOWN])}{', …' if len(keys) > _SHOWN else ''}"


def _loaded(path: Path) -> object:
    try:
        import torch
    except ModuleNotFoundError:
        raise MissingExtraError("reading checkpoints needs torch", do="pip install 'h5schema[torch]'") from None
    if tuple(map(int, torch.__version__.split(".")[:2])) < _SAFE:
        raise MissingExtraError(
            f"torch {torch.__version__} may run code that is in a checkpoint", do="pip install 'torch>=2.6'"
        )
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise DataError(
            f"the file cannot be read: {error.strerror or error}",
            where=str(path),
            do="look at the path and its permissions",
        ) from None
    except (pickle.UnpicklingError, RuntimeError, AssertionError, struct.error, *_DAMAGE) as error:
        named = _GLOBAL.search(str(error))
        raise DataError(
            f"the checkpoint holds objects ({named[1]}), which could run code when they are loaded"
            if named
            else "this is no checkpoint of torch, or it is damaged",
            where=str(path),
            do="save the tensors alone: torch.save(model.state_dict(), path)"
            if named
            else "look at the file, or leave it out of the pattern",
        ) from None


def _plain(value: object, where: str, keys: Keys) -> Value:
    """A value without torch's own types."""
    from torch import Tensor

    if isinstance(value, Tensor):
        return _array(value, where, keys)
    if isinstance(value, Mapping):
        held = cast("Mapping[object, object]", value)
        named = {str(key): _plain(item, where, (*keys, str(key))) for key, item in held.items()}
        if len(named) < len(held):
            raise _refused("two keys that are one text", where, keys)
        return named
    if isinstance(value, list | tuple):
        return [_plain(item, where, (*keys, str(i))) for i, item in enumerate(cast("Sequence[object]", value))]
    if value is None or isinstance(value, str | bytes | int | float):
        return value
    raise _refused(f"a {type(value).__name__}", where, keys)


def _array(tensor: Tensor, where: str, keys: Keys) -> NDArray[np.generic] | Tensor:
    import torch

    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_meta:
        raise _refused("a tensor that is sparse, quantized or without data", where, keys)
    tensor = tensor.detach()
    if tensor.dtype == torch.bfloat16:
        return tensor
    try:
        return tensor.resolve_conj().resolve_neg().numpy()
    except (TypeError, RuntimeError):
        raise _refused(f"a tensor of {tensor.dtype}", where, keys) from None


def _refused(what: str, where: str, keys: Keys) -> DataError:
    at = f" at {'/'.join(keys)!r}" if keys else ""
    return DataError(f"the checkpoint has {what}{at}, of which there is no array", where=where, do="save it as another")
