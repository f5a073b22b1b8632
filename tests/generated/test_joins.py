"""Features of other dims: found by a reference, or whole."""

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
from h5schema.errors import DataError  # noqa: E402

SCHEMA = """\
h5schema: 1
name: joined
version: 1.0.0
dims:
  {unit: {ids: true}, contact: {per: unit}, spike: {per: unit}, electrode: open, area: {ids: true}, sample: {per: area}}
features:
  electrodes: {dims: [unit, contact], dtype: int64, refers: electrode}
  main:       {dims: [unit], dtype: uint16, refers: electrode}
  spikes:     {dims: [unit, spike], dtype: float64}
  place:      {dims: [unit], dtype: str, refers: area}
groups:
  electrode_table:
    over: electrode
    features:
      x:        {dtype: float32}
      xyz:      {dims: [electrode, 3], dtype: float32}
      location: {dtype: str}
      depth:    {dtype: float32, optional: true}
  areas:
    over: area
    features:
      size: {dtype: int32}
      curve: {dims: [area, sample], dtype: float32}
loaders:
  units:
    over: unit
    inputs:
      row: unit
      spikes: {feature: spikes, as: packed}
      where: {feature: electrode_table/location, via: electrodes, as: list}
      xyz: {feature: electrode_table/xyz, via: electrodes}
      x: {feature: electrode_table/x, via: main, dtype: float64}
      size: {feature: areas/size, via: place}
      curve: {feature: areas/curve, via: place, as: packed}
      depth: {feature: electrode_table/depth, via: main, fill: -1}
    batch: 3
  contacts:
    over: contact
    inputs: {xyz: {feature: electrode_table/xyz, via: electrodes}, which: electrodes, unit: unit}
    batch: 100
  whole:
    over: unit
    inputs: [electrode_table/xyz, electrode_table/location, areas/curve, main]
    batch: 2
  absent: {over: unit, inputs: {feature: electrode_table/depth, via: main}, batch: 9}
"""
LOCATIONS = ["CA1", "CA3", "V1", "V2", "DG"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("joined")
    (folder / "joined.yaml").write_text(SCHEMA, encoding="utf-8")
    pipeline.generate([folder / "joined.yaml"], folder)
    return folder


@pytest.fixture(scope="module")
def loaders(folder: Path) -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        with importlib.import_module("joined").JoinedWriter.create(folder / "data.h5") as w:
            for area in range(3):
                w.area[f"area-{area}"] = {"areas": {"size": area * 100, "curve": np.arange(area, dtype=np.float32)}}
            for row, location in enumerate(LOCATIONS):
                depth = None if row == 4 else row * 1.5
                xyz = np.full(3, row, np.float32)
                w.electrode.append(
                    {"electrode_table": {"x": row / 2, "xyz": xyz, "location": location, "depth": depth}}
                )
            for unit in range(7):
                w.unit[f"unit-{unit}"] = {
                    "electrodes": np.array([(unit + k) % 5 for k in range(unit % 4)], np.int64),
                    "main": unit % 5,
                    "spikes": np.arange(unit, dtype=np.float64),
                    "place": f"area-{unit % 3}",
                }
        yield importlib.import_module("joined.loaders")
        for name in [name for name in sys.modules if name.partition(".")[0] == "joined"]:
            del sys.modules[name]


def test_T2_features_of_the_entries_that_a_sample_refers_to(loaders: ModuleType, folder: Path) -> None:
    count = 0
    for batch in loaders.units_loader(folder / "data.h5", shuffle=True, seed=2):
        rows = batch["row"].tolist()
        wanted = [[(row + k) % 5 for k in range(row % 4)] for row in rows]
        assert batch["where"] == [[LOCATIONS[one] for one in some] for some in wanted]
        assert batch["xyz"].lengths.tolist() == [len(some) for some in wanted]
        for entry, some in zip(batch["xyz"].values, wanted, strict=True):
            assert entry[: len(some), 2].tolist() == some
        assert batch["x"].tolist() == [row % 5 / 2 for row in rows]
        assert batch["x"].dtype == torch.float64
        assert batch["size"].tolist() == [row % 3 * 100 for row in rows]
        assert np.diff(batch["curve"].offsets).tolist() == [row % 3 for row in rows]
        assert batch["depth"].tolist() == [-1 if row % 5 == 4 else row % 5 * 1.5 for row in rows]
        count += len(rows)
    assert count == 7


def test_T2_references_of_elements(loaders: ModuleType, folder: Path) -> None:
    (batch,) = loaders.contacts_loader(folder / "data.h5")
    assert batch["xyz"][:, 0].tolist() == batch["which"].tolist()
    assert batch["unit"].tolist() == [unit for unit in range(7) for _ in range(unit % 4)]


def test_T2_what_shares_no_dim_comes_whole(loaders: ModuleType, folder: Path) -> None:
    for batch in loaders.whole_loader(folder / "data.h5"):
        assert batch.xyz[:, 1].tolist() == [0, 1, 2, 3, 4]
        assert batch.location == LOCATIONS
        assert batch.curve.lengths.tolist() == [0, 1, 2]
        assert len(batch.main) in (1, 2)


def test_a_reference_to_what_is_absent(loaders: ModuleType, folder: Path) -> None:
    with pytest.raises(DataError, match="an entry has no value, and the input has no `fill`"):
        list(loaders.absent_loader(folder / "data.h5"))
