"""Samples along the first dim of arrays of any shape: each is an array of the other dims."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="loaders need torch")

from h5schema import pipeline  # noqa: E402
from h5schema.errors import SchemaError  # noqa: E402

SCHEMA = """\
h5schema: 1
name: traces
version: 1.0.0
dims: {bucket: open, trace: {per: bucket}, time: {per: bucket}}
features:
  wave:   {dims: [bucket, trace, 3, time], dtype: float32}
  picks:  {dims: [bucket, trace, time], dtype: int16, optional: true}
  number: {dims: [bucket, trace], dtype: int64}
loaders:
  pad:     {over: trace, inputs: wave, targets: number, batch: 4}
  mask:    {over: trace, inputs: {feature: wave, as: mask}, batch: 4}
  packed:  {over: trace, inputs: {feature: wave, as: packed}, batch: 4}
  list:    {over: trace, inputs: {feature: wave, as: list}, batch: {size: 4, shuffle: true}}
  present: {over: trace, where: {picks: present}, inputs: picks, batch: 4}
  filled:  {over: trace, inputs: {feature: picks, fill: 0}, batch: 4}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ModuleType, Path, list[np.ndarray]]]:
    """The loaders, a file, and its traces."""
    folder, rng = tmp_path_factory.mktemp("traces"), np.random.default_rng(0)
    (folder / "schema.yaml").write_text(SCHEMA)
    pipeline.generate([folder / "schema.yaml"], folder)
    sys.path.insert(0, str(folder))
    traces = importlib.import_module("traces")
    waves = [rng.random((count, 3, time), np.float32) for count, time in ((3, 5), (0, 4), (2, 9), (1, 1))]
    picks = [None if row == 2 else (100 * wave[:, 0]).astype(np.int16) for row, wave in enumerate(waves)]
    with traces.TracesWriter.create(folder / "traces.h5") as writer:
        numbers = [np.arange(len(wave)) for wave in waves]
        writer.bucket.extend({"wave": waves, "picks": picks, "number": numbers})
    yield importlib.import_module("traces.loaders"), folder / "traces.h5", [one for wave in waves for one in wave]
    sys.path.remove(str(folder))
    for name in ("traces", "traces.groups", "traces.loaders"):
        sys.modules.pop(name, None)


def test_each_form_has_the_traces(package: tuple[ModuleType, Path, list[np.ndarray]]) -> None:
    loaders, path, wanted = package
    found, numbers = [], []
    for (values, lengths), targets in loaders.pad_loader(path):
        found += [value[:, : size[1]].numpy() for value, size in zip(values, lengths, strict=True)]
        assert all(not value[:, size[1] :].any() for value, size in zip(values, lengths, strict=True))
        assert lengths[:, 0].tolist() == [3] * len(lengths)
        numbers += targets.tolist()
    assert numbers == [0, 1, 2, 0, 1, 0]
    masked = [
        value[inside].numpy().reshape(3, -1)
        for batch in loaders.mask_loader(path)
        for value, inside in zip(batch.values, batch.mask, strict=True)
    ]
    packed = np.concatenate([batch.values.numpy().reshape(-1) for batch in loaders.packed_loader(path)])
    np.testing.assert_array_equal(packed, np.concatenate([one.reshape(-1) for one in wanted]))
    for one, other, trace in zip(found, masked, wanted, strict=True):
        np.testing.assert_array_equal(one, trace)
        np.testing.assert_array_equal(other, trace)
    drawn = [trace.numpy() for batch in loaders.list_loader(path, seed=1) for trace in batch]
    assert sorted(one.tobytes() for one in drawn) == sorted(one.tobytes() for one in wanted)


def test_absent_arrays_have_no_traces_or_empty_ones(package: tuple[ModuleType, Path, list[np.ndarray]]) -> None:
    loaders, path, _ = package
    assert [batch.lengths.tolist() for batch in loaders.present_loader(path)] == [[[5], [5], [5], [1]]]
    assert [batch.lengths.tolist() for batch in loaders.filled_loader(path)] == [[[5], [5], [5], [0]], [[0], [1]]]


def test_forms_that_traces_do_not_have(tmp_path: Path) -> None:
    (tmp_path / "schema.yaml").write_text(SCHEMA.replace("as: mask", "as: nested"))
    with pytest.raises(SchemaError, match="use pad, mask, packed or list"):
        pipeline.generate([tmp_path / "schema.yaml"], tmp_path)
