"""What schemas are told of the standard extractors is what these really take and make."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from h5schema.errors import DataError
from h5schema.extractors import files
from h5schema.extractors.image import load
from h5schema.vocabulary.extractors import EXTRACTORS, TAKES, TRANSPOSE


def test_every_word_is_described() -> None:
    assert set(TAKES) == set(EXTRACTORS)
    assert TRANSPOSE not in EXTRACTORS


@pytest.mark.parametrize("word", EXTRACTORS)
def test_the_parameters_are_those_of_the_function(word: str) -> None:
    module, _, function = EXTRACTORS[word].partition(":")
    signature = inspect.signature(getattr(importlib.import_module(module), function))
    keywords = [one for one in signature.parameters.values() if one.kind is inspect.Parameter.KEYWORD_ONLY]
    assert {one.name for one in keywords} == set(TAKES[word].params)
    for one in keywords:
        param = TAKES[word].params[one.name]
        assert param.required if one.default is inspect.Parameter.empty else param.fits(one.default)


@pytest.mark.parametrize("mode", TAKES["image"].params["mode"].words)
@pytest.mark.parametrize("size", [None, (6, 4)])
def test_the_axes_are_those_of_the_array(tmp_path: Path, mode: str, size: tuple[int, int] | None) -> None:
    Image.new("RGB", (5, 7), (200, 100, 0)).save(tmp_path / "a.png")
    axes = TAKES["image"].axes({"mode": mode, "size": size})
    made = load(tmp_path / "a.png", mode=mode, size=size)
    lengths = {"height": 7, "width": 5}
    assert made.shape == tuple(axis.length or lengths[axis.name] for axis in axes)


def test_a_word_of_no_mode_is_refused() -> None:
    fits = TAKES["image"].params["mode"].fits
    assert [fits(value) for value in ("RGB", "rgb", "I;16", 3, None, ("RGB",), {"a": ({},)})] == [True] + 6 * [False]
    fits = TAKES["image"].params["size"].fits
    assert [fits(value) for value in (None, (2, 3), (2,), (0, 3), (2.0, 3), (True, 3), 32)] == [True] * 2 + [False] * 5


def test_a_color_is_three_bytes() -> None:
    fits = TAKES["image"].params["background"].fits
    given = (None, (0, 128, 255), (0, 0), (0, 0, 256), (-1, 0, 0), (0.5, 0, 0), "white")
    assert [fits(value) for value in given] == [True] * 2 + [False] * 5


def test_the_bytes_of_a_file_are_those_it_has(tmp_path: Path) -> None:
    for name, held in {"empty": b"", "short": b"\x00\xff\n\r\n", "long": bytes(range(256)) * 40_000}.items():
        (tmp_path / name).write_bytes(held)
        made = files.load(tmp_path / name)
        assert (made.dtype, made.ndim, made.tobytes()) == (np.uint8, 1, held)
    for name, why in {"none": "No such file or directory", ".": "Is a directory"}.items():
        with pytest.raises(DataError, match=f"the file cannot be read: {why}"):
            files.load(tmp_path / name)
