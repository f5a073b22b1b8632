"""What can be asked of a sample: rules that a schema and a call are held to in the same words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from .dtypes import NUMBERS, keeps_values

Asks = Literal["value", "present", "absent"]
"""What a condition asks of a feature."""


class Wrong(NamedTuple):
    """What is wrong, and what to write instead."""

    message: str
    help: str


class Sampled(NamedTuple):
    """What a sample is.

    Attributes:
        axis: Address of the dim that a loader runs over.
        roots: Of the dims of entries that its dims are, or of which they are ragged dims.
        chain: The dim behind those that it is per, from the dim of entries on.
    """

    axis: str
    roots: Sequence[str]
    chain: tuple[str, ...] = ()

    def shared(self, dims: Sequence[str | int]) -> tuple[str, ...]:
        """The dims of entries that a feature shares with a sample."""
        return tuple(dim for dim in dims if isinstance(dim, str) and dim in self.roots)


def wrong_condition(sampled: Sampled, address: str, dims: tuple[str | int, ...], asks: Asks) -> Wrong | None:
    """Why a sample has not one answer to a condition on a feature; None: it has."""
    shared, name = sampled.shared(dims), _name(sampled.axis)
    shown = f"`{address}` has dims [{', '.join(map(str, dims))}]:"
    if not shared or dims[0] not in shared:
        root = _name(sampled.roots[0])
        return Wrong(f"{shown} no value for each `{name}`", f"`where` asks features that begin with `{root}`")
    if asks == "value" and dims not in (shared, sampled.chain[: len(dims)]):
        return Wrong(
            f"{shown} more than one value for each `{name}`",
            "`where` compares single values; of this one it can ask `present` or `absent`",
        )
    return None


def wrong_elements(sampled: Sampled, address: str, dims: tuple[str | int, ...]) -> Wrong | None:
    """Why a loader cannot ask which elements a sparse feature stores; None: it can."""
    if set(dims) <= set(sampled.roots):
        return None
    over = ", ".join(map(str, dims))
    return Wrong(f"elements of `{address}` are over {over}, and samples are not", f"write over: [{over}]")


def unasked(said: Mapping[str, object]) -> Wrong | None:
    """Why a check cannot be asked of samples; None: it can."""
    if said.get("unique"):
        return Wrong(
            "`unique` is about all values of a feature, and `where` looks at one sample at a time",
            "write it in the `check` of the feature",
        )
    if not any(value is not None and value is not False for value in said.values()):
        return Wrong("this asks nothing, so every sample would meet it", "write bounds, or leave the condition out")
    return None


def never_absent(address: str) -> Wrong:
    """Why nothing is left of samples that lack a feature that is never absent."""
    return Wrong(
        f"`{address}` is never absent, so there would be no samples",
        "leave the condition out, or write `optional: true` in the feature",
    )


def wrong_split(sampled: Sampled, split: str, over: Sequence[str]) -> Wrong | None:
    """Why a split divides other samples than those of a loader; None: it divides these."""
    if set(over) <= set(sampled.roots):
        return None
    runs = "` and `".join(sampled.roots)
    return Wrong(
        f"split `{split}` is over `{'` and `'.join(over)}`, but this loader runs over `{runs}`",
        f"declare a split over `{sampled.roots[0]}`",
    )


def misplaced(dim: str, said: Mapping[str, object], *, sampled: bool) -> tuple[str, Wrong] | None:
    """The key of a window that its dim cannot have, and why; None: there is none.

    Args:
        dim: Its name.
        said: What the window says.
        sampled: Whether samples have positions in the dim.
    """
    if sampled and "at" in said:
        message = f"samples have positions in `{dim}`, every `hop`: `at` is for other dims"
        return "at", Wrong(message, "leave it out")
    key = next((key for key in ("hop", "jitter") if key in said), None)
    if sampled or key is None:
        return None
    message = f"samples have no position in `{dim}`: one piece is cut of it, `at` a place"
    return key, Wrong(message, f"leave `{key}` out, or run over `{dim}`")


LONGEST = 1 << 27
"""Values of a window, and of what it reaches over, at most: a GiB of float64."""
FARTHEST = (1 << 31) - 1
"""How far a window lies from its position, and a value or position from the next, at most."""
_FAR = {"length": LONGEST, "hop": FARTHEST, "shift": FARTHEST, "jitter": FARTHEST, "step": FARTHEST}


def too_far(said: Mapping[str, object]) -> tuple[str, Wrong] | None:
    """The key of a window that is larger than anything that can be read, and why; None: there is none."""
    for key, most in _FAR.items():
        value = said.get(key)
        if isinstance(value, int) and abs(value) > most:
            return key, Wrong(f"`{key}` of a window is at most {most}", "write a smaller number")
    length, step = said.get("length"), said.get("step")
    if isinstance(length, int) and isinstance(step, int) and (length - 1) * step + 1 > LONGEST:
        far = f"{length} values, every {step}th of those in the file, reach further than {LONGEST}"
        return "step", Wrong(far, "make the window shorter, or the step")
    return None


def frame_too_long(frame: int, window: int) -> Wrong:
    """Why a frame does not fit."""
    return Wrong(
        f"a frame of {frame} values does not fit a window of {window}", "make the window longer, or the frame shorter"
    )


_NARROWED = frozenset(
    {("float", "float"), ("complex", "complex")}
    | {(stored, loaded) for stored in ("int", "uint") for loaded in ("int", "uint", "float", "complex")}
)
"""Kinds between which a loader may ask for a cast: floats are rounded, whole numbers checked when they are read."""


def can_load(stored: str, wanted: str) -> bool:
    """Whether numbers of a dtype may be loaded as another."""
    if wanted not in NUMBERS or stored not in NUMBERS:
        return False
    return keeps_values(stored, wanted) or (NUMBERS[stored].kind, NUMBERS[wanted].kind) in _NARROWED


def _name(address: str) -> str:
    return address.rpartition("/")[2]
