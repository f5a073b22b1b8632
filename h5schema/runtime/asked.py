"""What a call asks of values: conditions held to the rules of a schema, in its words."""

from __future__ import annotations

from dataclasses import fields
from enum import IntEnum
from typing import cast

import numpy as np

from h5schema.vocabulary.sampled import Wrong, unasked
from h5schema.vocabulary.values import BOUNDS, Valued, empty, impossible, unfit, unreadable

from .conditions import Among, Check
from .model import Model
from .windows import Frame, Window


def wrong_values(model: Model, address: str, asked: Among | Check) -> Wrong | None:
    """Why values of a feature cannot be asked so."""
    valued = _valued(model, address)
    if isinstance(asked, Among):
        found = (impossible(valued, _plain(one)) for one in asked.values if not isinstance(one, IntEnum))
        return next((Wrong(*one) for one in found if one is not None), None)
    said = said_by(asked)
    wrong = unasked(said) or next((wrong for key in said if (wrong := _wrong_kind(key, said[key]))), None)
    if wrong is not None:
        return wrong
    first = next(unfit(valued, said), None) or empty(asked)
    return None if first is None else Wrong(*first[1:])


def _plain(value: object) -> object:
    """A number of numpy's as Python's."""
    return cast("object", value.item()) if isinstance(value, np.generic) else value


def _wrong_kind(key: str, value: object) -> Wrong | None:
    """Why no check can say this at all."""
    if key in BOUNDS:
        number = isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
        return None if number and value == value else Wrong(f"a bound is a number, not {value!r}", "write a number")
    if key != "match":
        return None if isinstance(value, bool) else Wrong(f"`{key}` is {value!r}", "give True or False")
    why = unreadable(value) if isinstance(value, str) else f"{value!r} is no text"
    if why is None:
        return None
    return Wrong(f"this is not a regular expression: {why}", "mend it; special characters need a backslash")


def _valued(model: Model, address: str) -> Valued:
    """A feature as the rules about its values know it."""
    feature = model.features[address]
    word, _, size = feature.dtype.partition(":")
    members = feature.members
    if members is not None:
        return Valued(address, "enum", None, members.names)
    return Valued(address, word, int(size) if size else None)


def said_by(given: Window | Frame | Check) -> dict[str, object]:
    """What is said, by key: neither left out nor switched off."""
    values = {one.name: getattr(given, one.name) for one in fields(given)}
    return {key: value for key, value in values.items() if value is not None and value is not False}
