"""Functions of the user's change inputs, samples and batches; what they draw depends on seed, epoch and position."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="loaders need torch")

from h5schema import pipeline  # noqa: E402
from h5schema.errors import UserCodeError  # noqa: E402

SCHEMA = """\
h5schema: 1
name: changed
version: 1.0.0
dims: {clip: {ids: true}, time: {per: clip}}
features:
  wave:  {dims: [clip, time], dtype: float32}
  image: {dims: [clip, 2, 3], dtype: uint8}
  name:  {dims: [clip], dtype: str}
  digit: {dims: [clip], dtype: int64}
  scale: {dtype: float32}
loaders:
  by_input:
    over: clip
    inputs:
      wave: {feature: wave, transform: 'changes_of_samples:louder'}
      image: {feature: image, transform: 'changes_of_samples:noisy'}
      name: {feature: name, transform: 'changes_of_samples:letters'}
      plain: image
      scale: {feature: scale, transform: 'changes_of_samples:louder'}
    batch: {size: 4, shuffle: true}
  by_sample:
    over: clip
    inputs: [wave, image, {feature: clip, as: id}, clip, scale]
    targets: {digit: digit}
    transform: changes_of_samples:augmented
    batch: {size: 4, shuffle: true}
  by_batch:
    over: time
    window: {time: {length: 3}}
    inputs: {wave: wave}
    batch: {size: 4, transform: 'changes_of_samples:scaled'}
  fails:    {over: clip, inputs: {feature: image, transform: 'changes_of_samples:fails'}, batch: 4}
  uneven:   {over: clip, inputs: {feature: image, transform: 'changes_of_samples:uneven'}, batch: 4}
  lost:     {over: clip, inputs: {a: image, b: digit}, transform: 'changes_of_samples:lost', batch: 4}
  texts:    {over: clip, inputs: {feature: wave, transform: 'changes_of_samples:texts'}, batch: 4}
  ragged:   {over: clip, inputs: {feature: wave, transform: 'changes_of_samples:ragged'}, batch: 4}
  gradient: {over: clip, inputs: {feature: image, transform: 'changes_of_samples:gradient'}, batch: 4}
  nowhere:  {over: clip, inputs: image, transform: 'changes_of_samples:nothing', batch: 4}
"""

CODE = """\
import numpy as np


def louder(wave):
    return 2 * wave


def noisy(image, rng):
    return image + rng.random(image.shape, np.float32)


def letters(name, reader):
    return [len(reader.clip), *name]


def texts(wave):
    return [1, 2, "a"]


def ragged(wave):
    return [[1], [1, 2]]


def gradient(image):
    import torch

    return torch.ones(2, 3, requires_grad=True)


def augmented(sample, rng, reader):
    (wave, image, id, row, scale), targets = sample
    assert reader.digit[id] == targets["digit"]
    start = int(rng.integers(len(wave)))
    return (wave[start:], image[::-1], id.upper(), row + 1000, scale), {"digit": targets["digit"] * 10}


def scaled(batch, rng):
    return {"wave": batch["wave"] * 0 + float(rng.random())}


def fails(image):
    raise ValueError("no such image")


def uneven(image):
    return image[: 1 + int(image[0, 0] % 2)]


def lost(sample):
    return {"a": sample["a"]}
"""
COUNT = 10


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("changed")
    (folder / "changed.yaml").write_text(SCHEMA, encoding="utf-8")
    (folder / "changes_of_samples.py").write_text(CODE, encoding="utf-8")
    pipeline.generate([folder / "changed.yaml"], folder)
    return folder


@pytest.fixture(scope="module")
def loaders(folder: Path) -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        with importlib.import_module("changed").ChangedWriter.create(folder / "data.h5") as w:
            w.scale = 3.0
            for i in range(COUNT):
                image = np.full((2, 3), i, np.uint8)
                wave = np.arange(i + 1, dtype=np.float32)
                w.clip[f"clip-{i}"] = {"wave": wave, "image": image, "name": f"n{i}", "digit": i}
        yield importlib.import_module("changed.loaders")
        for name in [name for name in sys.modules if name.partition(".")[0] in ("changed", "changing")]:
            del sys.modules[name]


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return all(alike(one[key], other[key]) for key in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(alike(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


def test_T6_a_function_for_each_input(loaders: ModuleType, folder: Path) -> None:
    for batch in loaders.by_input_loader(folder / "data.h5", seed=1):
        rows = batch["plain"][:, 0, 0]
        assert batch["wave"].lengths.tolist() == (rows + 1).tolist()
        assert batch["wave"].values.max() == 2 * rows.max()
        noise = batch["image"] - batch["plain"]
        assert batch["image"].dtype == torch.float32
        assert 0 <= noise.min() < noise.max() < 1
        assert batch["name"] == [[COUNT, "n", str(int(row))] for row in rows]
        assert batch["scale"] == 6


def test_T6_a_function_for_each_sample(loaders: ModuleType, folder: Path) -> None:
    for inputs, targets in loaders.by_sample_loader(folder / "data.h5", seed=1):
        rows = inputs.clip - 1000
        assert targets["digit"].tolist() == (10 * rows).tolist()
        assert inputs.clip_id == [f"CLIP-{row}" for row in rows]
        assert (inputs.wave.lengths <= rows + 1).all()
        assert inputs.wave.values[:, 0].tolist() == (rows + 1 - inputs.wave.lengths).tolist()
        assert inputs.image.shape == (len(rows), 2, 3)
        assert inputs.scale == 3


def test_a_function_for_each_batch(loaders: ModuleType, folder: Path) -> None:
    batches = list(loaders.by_batch_loader(folder / "data.h5", seed=1))
    assert len({float(batch["wave"][0, 0]) for batch in batches}) == len(batches)
    first = np.random.default_rng([1, 0, 4]).random()
    assert float(batches[1]["wave"][0, 0]) == np.float32(first)


@pytest.mark.filterwarnings("ignore:This DataLoader will create 4")
@pytest.mark.parametrize("how", [{"workers": 1}, {"workers": 4}, {"threads": 2}])
@pytest.mark.parametrize("name", ["by_input", "by_sample", "by_batch"])
def test_chance_is_the_same_everywhere(loaders: ModuleType, folder: Path, name: str, how: Any) -> None:
    make = getattr(loaders, f"{name}_loader")
    alone, others = make(folder / "data.h5", seed=4), make(folder / "data.h5", seed=4, **how)
    first = list(alone)
    second = list(alone)
    assert not alike(first, second)
    assert alike(first, list(others))
    assert alike(second, list(others))


def test_an_error_shows_the_users_frames_alone(loaders: ModuleType, folder: Path) -> None:
    with pytest.raises(UserCodeError) as raised:
        next(iter(loaders.fails_loader(folder / "data.h5")))
    said = str(raised.value)
    assert "changes_of_samples:fails (epoch 0, position 0, clip 0): it fails" in said
    assert 'raise ValueError("no such image")' in said
    assert "ValueError: no such image" in said
    assert "h5schema/runtime" not in said


def test_what_a_function_returns_is_checked(loaders: ModuleType, folder: Path) -> None:
    with pytest.raises(UserCodeError, match=r"image: shapes \[1, 3\] and \[2, 3\] do not make one batch"):
        next(iter(loaders.uneven_loader(folder / "data.h5")))
    with pytest.raises(
        UserCodeError, match=r"wave: it returns <U21, of which there is no tensor\n  help: return numbers"
    ):
        next(iter(loaders.texts_loader(folder / "data.h5")))
    with pytest.raises(UserCodeError, match=r"wave: what it returns is no array: setting an array element"):
        next(iter(loaders.ragged_loader(folder / "data.h5")))
    with pytest.raises(UserCodeError, match=r"image: what it returns is no array: Can't call numpy\(\) on Tensor"):
        next(iter(loaders.gradient_loader(folder / "data.h5")))
    with pytest.raises(UserCodeError, match=r"it returns a dict of a, not a dict of a, b"):
        next(iter(loaders.lost_loader(folder / "data.h5")))
    with pytest.raises(UserCodeError, match=r"the module has no function 'nothing'"):
        loaders.nowhere_loader(folder / "data.h5")
