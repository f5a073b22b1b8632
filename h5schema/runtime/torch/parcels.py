"""Batches on their way from a worker process: all tensors of several batches in one piece of shared memory.

A message between processes costs as much as a small batch, and a piece of shared memory that is made for each
message costs more: so the memory is made once, and its slots are used in turn.
"""

from __future__ import annotations

import io
import pickle
from itertools import count
from typing import Any, NamedTuple, cast
from weakref import WeakValueDictionary

import torch
from torch import Tensor
from torch.utils.data import get_worker_info

from h5schema.errors import H5SchemaError

from .forms import from_numpy

_ALIGNED = 64
_NUMBERS = count()


class Failed(NamedTuple):
    """What a worker sends in place of batches that it cannot read: the error, raised where they are asked for."""

    error: H5SchemaError


class Laid(NamedTuple):
    """Where a tensor lies in a piece of memory."""

    at: int
    dtype: torch.dtype
    shape: tuple[int, ...]


class Parcel(NamedTuple):
    """What a worker sends.

    Attributes:
        post: Number of the `Post` it goes by.
        slot: Of its memory; None: the parcel has memory of its own, because it is larger than a slot.
        memory: Its own memory: uint8 [bytes].
        size: Bytes of its tensors.
        laid: Its tensors.
        rest: Pickle of what is around them.
    """

    post: int
    slot: int | None
    memory: Tensor | None
    size: int
    laid: list[Laid]
    rest: bytes

    def bytes(self) -> Tensor:
        """The bytes of the tensors, which may be written over soon."""
        return _POSTS[self.post].slots[self.slot, : self.size] if self.memory is None else self.memory

    def pin_memory(self) -> Parcel:
        """The same in memory of its own that an accelerator copies from; a DataLoader calls it."""
        return self._replace(slot=None, memory=self.bytes().pin_memory())

    def opened(self) -> object:
        """What was packed; its tensors share one memory, which is nobody else's."""
        memory = self.bytes()
        if self.slot is not None:  # numpy copies in this thread; torch would share the work, and wait for busy cores
            memory = from_numpy(memory.numpy().copy())
        return _Unpickler(io.BytesIO(self.rest), [_seen(memory, laid) for laid in self.laid]).load()


class Post:
    """Packs what a worker has made; called in the worker, as the `collate_fn` of a DataLoader.

    A worker uses its slots in turn. There is one more of them than batches that it works ahead: the last one that was
    delivered is copied before the next is asked for.

    Args:
        workers: Number of worker processes.
        ahead: Fetches that each worker works ahead.
        size: Bytes of a slot.

    Attributes:
        slots: uint8 [slots, bytes], in shared memory.
    """

    def __init__(self, workers: int, ahead: int, size: int) -> None:
        self.slots = _shared(workers * (ahead + 1) * size).view(-1, size)
        self._number = next(_NUMBERS)
        self._each = ahead + 1
        self._turn = 0
        _POSTS[self._number] = self

    def __call__(self, made: object) -> Parcel:
        tensors: list[Tensor] = []
        rest = io.BytesIO()
        _Pickler(rest, tensors).dump(made)
        laid, size = _laid(tensors)
        slot = self._next_slot() if size <= self.slots.shape[1] else None
        memory = _shared(size) if slot is None else self.slots[slot]
        for tensor, place in zip(tensors, laid, strict=True):
            _seen(memory, place).copy_(tensor)
        return Parcel(self._number, slot, memory if slot is None else None, size, laid, rest.getvalue())

    def _next_slot(self) -> int:
        worker = get_worker_info()
        assert worker is not None
        self._turn = (self._turn + 1) % self._each
        return worker.id * self._each + self._turn


_POSTS: WeakValueDictionary[int, Post] = WeakValueDictionary()


def _shared(size: int) -> Tensor:
    """Shared memory that costs nothing before it is written: torch's `share_memory_` would write all of it."""
    storage = cast("Any", torch.UntypedStorage)._new_shared(size)  # as torch's own collation has it
    return torch.empty(0, dtype=torch.uint8).set_(storage)


def _laid(tensors: list[Tensor]) -> tuple[list[Laid], int]:
    """Where tensors lie one after the other, and where the last ends."""
    laid: list[Laid] = []
    size = 0
    for tensor in tensors:
        laid.append(Laid(size, tensor.dtype, tuple(tensor.shape)))
        size += -(-tensor.nbytes // _ALIGNED) * _ALIGNED
    return laid, size


def _seen(memory: Tensor, laid: Laid) -> Tensor:
    """A tensor in a piece of memory."""
    count = 1
    for size in laid.shape:
        count *= size
    return memory[laid.at : laid.at + count * laid.dtype.itemsize].view(laid.dtype).view(laid.shape)


class _Pickler(pickle.Pickler):
    """Pickles all but plain tensors, which it collects."""

    def __init__(self, file: io.BytesIO, tensors: list[Tensor]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._tensors = tensors

    def persistent_id(self, obj: Any) -> int | None:
        if type(obj) is not Tensor or obj.layout is not torch.strided or obj.device.type != "cpu":
            return None
        self._tensors.append(obj)
        return len(self._tensors) - 1


class _Unpickler(pickle.Unpickler):
    """Puts the tensors back."""

    def __init__(self, file: io.BytesIO, tensors: list[Tensor]) -> None:
        super().__init__(file)
        self._tensors = tensors

    def persistent_load(self, pid: Any) -> Tensor:
        return self._tensors[cast("int", pid)]
