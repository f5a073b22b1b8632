"""Batches are named tuples of the generated package: in this process, in workers, and in torch's own functions."""

from __future__ import annotations

import importlib
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="loaders need torch")

from torch.utils.data import ConcatDataset, DataLoader, Subset, default_collate  # noqa: E402
from torch.utils.data._utils.pin_memory import pin_memory  # noqa: E402

from h5schema import pipeline  # noqa: E402
from h5schema.errors import UsageError  # noqa: E402

SCHEMA = """\
h5schema: 1
name: named_batches
version: 1.0.0
dims: {row: {ids: true}, time: {per: row}}
features:
  count: {dims: [row], dtype: int64}
  image: {dims: [row, 2], dtype: float32}
  wave:  {dims: [row, time], dtype: int16}
groups:
  left:  {features: {image: {dims: [row, 2], dtype: float32}}}
loaders:
  train: {over: row, inputs: image, targets: count, batch: {size: 3, shuffle: true}}
  test:  {over: row, inputs: image, targets: count, batch: 3}
  code:  {over: row, inputs: image, targets: image, batch: 3}
  many:
    over: row
    inputs: [image, left/image, wave, {feature: wave, as: list}, count, {feature: row, as: id}, row, left]
  deep:  {over: row, inputs: {a: [image, [count]], b: count}, targets: {c: wave}, batch: 2}
  ids:   {over: row, inputs: [{feature: row, as: id}], targets: {feature: row, as: id}, batch: 2}
  whole: {over: row, inputs: left, batch: 2}
  plain: {over: row, inputs: count, batch: 2}
"""

TRAINING = """\
import multiprocessing

from named_batches.loaders import Train, TrainBatch, train_loader

if __name__ == "__main__":
    loader = train_loader("data.h5", workers=2, seed=1)
    loader.multiprocessing_context = "spawn"
    alone = train_loader("data.h5", seed=1)
    for (image, label), batch in zip(loader, alone, strict=True):
        assert image.equal(batch.image) and label.equal(batch.count_)
    for batch in loader:
        assert type(batch) is TrainBatch, type(batch)
    print("trained")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package, and a file of seven rows."""
    folder = tmp_path_factory.mktemp("named_batches")
    (folder / "named_batches.yaml").write_text(SCHEMA, encoding="utf-8")
    pipeline.generate([folder / "named_batches.yaml"], folder)
    return folder


@pytest.fixture(scope="module")
def loaders(folder: Path) -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        writer = importlib.import_module("named_batches").NamedBatchesWriter
        with writer.create(folder / "data.h5") as w:
            for i in range(7):
                image = np.full(2, i, np.float32)
                wave = np.arange(i, dtype=np.int16)
                w.row[f"row-{i}"] = {"count": i, "image": image, "wave": wave, "left": {"image": -image}}
        yield importlib.import_module("named_batches.loaders")
        for name in [name for name in sys.modules if name.partition(".")[0] == "named_batches"]:
            del sys.modules[name]


def test_by_name_and_by_position(loaders: ModuleType, folder: Path) -> None:
    batch = loaders.Train(folder / "data.h5")[2]
    image, count = batch
    assert batch._fields == ("image", "count_"), "every tuple has a method `count` already"
    assert batch.image is image
    assert (image.tolist(), count.tolist()) == ([[2, 2]], [2])
    assert loaders.TestBatch is loaders.TrainBatch, "alike, so that one function takes both"


def test_names_of_equal_inputs_are_longer(loaders: ModuleType, folder: Path) -> None:
    assert loaders.Code(folder / "data.h5")[0]._fields == ("inputs", "targets")
    many = loaders.Many(folder / "data.h5")[2]
    names = ("image", "left_image", "wave", "wave_list", "count_", "row_id", "row", "left")
    assert many._fields == names
    assert many.left_image.tolist() == many.left["image"].tolist() == [[-2, -2]]
    assert (many.row_id, many.row.tolist()) == (["row-2"], [2])
    assert [wave.tolist() for wave in many.wave_list] == many.wave.values.tolist() == [[0, 1]]


def test_mappings_are_dicts(loaders: ModuleType, folder: Path) -> None:
    batch = loaders.Deep(folder / "data.h5")[1]
    assert batch._fields == ("inputs", "targets")
    assert (type(batch.inputs), type(batch.targets)) == (dict, dict)
    assert batch.inputs["a"].image.tolist() == [[1, 1]]
    assert batch.inputs["a"].item_1.count_.tolist() == [1]
    assert type(loaders.Whole(folder / "data.h5")[0]) is dict
    assert loaders.Plain(folder / "data.h5")[5].tolist() == [5]


def test_a_batch_can_be_pickled(loaders: ModuleType, folder: Path) -> None:
    batch = loaders.Deep(folder / "data.h5")[3]
    again = pickle.loads(pickle.dumps(batch))
    assert type(again) is type(batch) is loaders.DeepBatch
    assert type(again.inputs["a"]) is loaders.DeepInputsA


def test_torch_keeps_the_class(loaders: ModuleType, folder: Path) -> None:
    data = loaders.Train(folder / "data.h5")
    collated = default_collate([data[1], data[4]])
    assert type(collated) is loaders.TrainBatch
    assert collated.count_.tolist() == [[1], [4]]
    ids = pin_memory(
        loaders.IdsLoader(folder / "data.h5")[1]
    )  # pinning tensors needs an accelerator; the tuple does not
    assert type(ids) is loaders.IdsLoaderBatch
    assert (type(ids.inputs), ids.row_id) == (loaders.IdsLoaderInputs, ["row-1"])


def test_a_data_loader_of_your_own(loaders: ModuleType, folder: Path) -> None:
    data = loaders.Test(folder / "data.h5")
    batches = list(DataLoader(data, batch_size=4, collate_fn=loaders.Test.collated))
    assert [type(batch) for batch in batches] == [loaders.TestBatch] * 2
    assert batches[1].count_.tolist() == [4, 5, 6]
    (part,) = DataLoader(Subset(data, [5, 2]), batch_size=4, collate_fn=loaders.Test.collated)
    assert part.count_.tolist() == [5, 2]
    (listed,) = DataLoader(data, sampler=[[6, 0]], batch_size=None)
    assert listed.count_.tolist() == [6, 0]


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("kind", ["Test", "Many", "Deep", "IdsLoader", "Whole", "Plain"])
def test_torch_does_not_collate_twice(loaders: ModuleType, folder: Path, kind: str, workers: int) -> None:
    """Two tensors in a batch would be stacked into one, without a word."""
    data = getattr(loaders, kind)(folder / "data.h5")
    with pytest.raises((UsageError, RuntimeError)) as caught:  # torch words errors of workers anew
        next(iter(DataLoader(data, batch_size=4, num_workers=workers)))
    assert f"{kind}: it reads whole batches, and the DataLoader would collate single samples" in str(caught.value)
    assert f"give the DataLoader `collate_fn={kind}.collated`" in str(caught.value)
    if not workers:
        with pytest.raises(UsageError, match="whole batches"):
            _ = [*next(iter(DataLoader(data, batch_size=4, collate_fn=lambda batch: batch)))]
    joined = DataLoader(ConcatDataset([data, data]), batch_size=4, collate_fn=data.collated)
    with pytest.raises(UsageError, match=rf"{kind}: the DataLoader fetched a list, not a whole batch"):
        next(iter(joined))


def test_spawned_workers_hand_over_the_class(loaders: ModuleType, folder: Path) -> None:
    script = folder / "training.py"
    script.write_text(TRAINING, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "training.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "trained\n"), done.stderr
