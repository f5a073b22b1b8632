"""Buckets in shards: nodes in the files of a folder, whose rows are samples."""

from __future__ import annotations

import importlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from h5schema.errors import DataError, FileError, SchemaError
from h5schema.runtime.bound.inspect import describe

from .conftest import Generate

SHARDS = (0, 2, 10)


def shards(folder: Path) -> dict[tuple[str, str], np.ndarray]:
    """As SeisBench writes them, and what h5py has of them, in natural order."""
    rng, found = np.random.default_rng(6), {}
    for shard in SHARDS:
        with h5py.File(folder / f"waveforms{shard}.hdf5", "w") as file:
            file.create_group("data_format").attrs["component_order"] = "ZNE"
            for bucket in range(11):
                shape = (0 if bucket == 4 else int(rng.integers(1, 9)), 3, int(rng.integers(1, 60)))
                file[f"data/bucket{bucket}"] = rng.random(shape, np.float32)
    for shard in SHARDS:
        with h5py.File(folder / f"waveforms{shard}.hdf5") as file:
            for bucket in range(11):
                found[f"waveforms{shard}.hdf5", f"bucket{bucket}"] = file[f"data/bucket{bucket}"][()]
    return found


def test_case_10_every_value_is_h5pys(generate: Generate, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    wanted = shards(tmp_path / "files")
    package = generate("bound_waveforms")
    with package.Waveforms(tmp_path / "files") as found:
        assert list(found.shard) == [f"waveforms{one}.hdf5" for one in SHARDS]
        assert list(found.bucket) == list(wanted)
        assert found.number[:].tolist() == list(SHARDS)
        for number, (key, values) in enumerate(wanted.items()):
            np.testing.assert_array_equal(found.waveform[key], values)
            np.testing.assert_array_equal(found.waveform[number], values)
        some = list(wanted)[::7]
        for key, values in zip(some, found.waveform[some], strict=True):
            np.testing.assert_array_equal(values, wanted[key])
        key = ("waveforms10.hdf5", "bucket3")
        np.testing.assert_array_equal(found.waveform[key, 1:3], wanted[key][1:3])
        assert found.bucket[key]["waveform"].shape == wanted[key].shape
        assert list(found.bucket.of("waveforms2.hdf5")) == [f"bucket{one}" for one in range(11)]
        assert ("waveforms2.hdf5", "bucket99") not in found.bucket
        found.verify()
    assert {one.address: one.entries for one in describe(package.Waveforms, tmp_path / "files").dims}["bucket"] == 33


def test_case_10_traces_are_samples(generate: Generate, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "files").mkdir()
    wanted = [trace for bucket in shards(tmp_path / "files").values() for trace in bucket]
    loaders = importlib.import_module(f"{generate('bound_waveforms').__name__}.loaders")
    padded = [batch["x"] for batch in loaders.train_loader(tmp_path / "files", shuffle=False)]
    traces = [(values, lengths) for batch in padded for values, lengths in zip(*batch, strict=True)]
    assert len(traces) == len(wanted)
    for (values, lengths), trace in zip(traces, wanted, strict=True):
        assert lengths.tolist() == list(trace.shape)
        np.testing.assert_array_equal(values[:, : trace.shape[1]], trace)
        assert not values[:, trace.shape[1] :].any()
    shuffled = [batch["x"] for batch in loaders.train_loader(tmp_path / "files", seed=3, workers=1)]
    known = sorted(trace.sum() for trace in wanted)
    found = sorted(float(values.sum()) for batch in shuffled for values in batch.values)
    np.testing.assert_allclose(found, known, rtol=1e-5)


def test_files_of_others_are_opened_to_read(generate: Generate, tmp_path: Path) -> None:
    """No lock that keeps others away, and nothing written: a file that may only be read is read."""
    (tmp_path / "files").mkdir()
    wanted, paths = shards(tmp_path / "files"), sorted((tmp_path / "files").iterdir())
    before = [(one.stat().st_mtime_ns, one.read_bytes()) for one in paths]
    for one in paths:
        one.chmod(0o444)
    with generate("bound_waveforms").Waveforms(tmp_path / "files") as found:
        found.waveform[0]
        with h5py.File(paths[0]) as file:
            np.testing.assert_array_equal(file["data/bucket0"][()], wanted["waveforms0.hdf5", "bucket0"])
    assert [(one.stat().st_mtime_ns, one.read_bytes()) for one in paths] == before


RUNS = """
    name: deep_runs
    bind: plain
    dims:
      run:        open
      checkpoint: {per: run}
      step:       {per: checkpoint}
    features:
      rate:  {dims: [run], dtype: float64, at: 'runs/{run}@rate'}
      epoch: {dims: [run, checkpoint], dtype: int64, at: 'runs/{run}/saved/{checkpoint:c*}@epoch'}
      loss:  {dims: [run, checkpoint, step], dtype: float32, at: 'runs/{run}/saved/{checkpoint:c*}/loss'}
    loaders:
      train: {over: checkpoint, inputs: {feature: loss, as: packed}, targets: epoch, batch: 4}
"""


def test_braces_of_several_dims(generate: Generate, tmp_path: Path) -> None:
    path, wanted = tmp_path / "runs.h5", {}
    with h5py.File(path, "w") as file:
        for run, count in (("a", 2), ("b", 0), ("c@2", 11)):
            saved = file.create_group(f"runs/{run}/saved")
            file[f"runs/{run}"].attrs["rate"] = count / 2
            for number in range(count):
                wanted[run, f"c{number}"] = loss = np.arange(number, dtype="f4")
                saved[f"c{number}/loss"] = loss
                saved[f"c{number}"].attrs["epoch"] = 10 * number
    package = generate(RUNS)
    with package.DeepRuns(path) as found:
        assert list(found.run) == ["a", "b", "c@2"]
        assert found.rate[:].tolist() == [1, 0, 5.5]
        assert list(found.checkpoint) == list(wanted)
        assert found.epoch["c@2", "c10"] == 100
        for key, loss in wanted.items():
            np.testing.assert_array_equal(found.loss[key], loss)
        assert list(found.checkpoint.of("b")) == []
    pytest.importorskip("torch")
    loaders = importlib.import_module(f"{package.__name__}.loaders")
    batches = list(loaders.train_loader(path))
    assert [epoch for _, targets in batches for epoch in targets.tolist()] == [0, 10, *range(0, 110, 10)]
    assert [size for loss, _ in batches for size in np.diff(loss.offsets).tolist()] == [0, 1, *range(11)]
    gone = tmp_path / "gone.h5"
    gone.write_bytes(path.read_bytes())
    with h5py.File(gone, "a") as file:
        del file["runs/a/saved/c1/loss"]
    with pytest.raises(FileError, match="the dataset loss is missing"), package.DeepRuns(gone) as found:
        found.loss["a", "c0"]
    with pytest.raises(DataError, match="no entry of checkpoint has the id 'a'"), package.DeepRuns(gone) as found:
        found.epoch["a"]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("/saved/{checkpoint:c*}/loss", "/loss", "the braces of its path name run, checkpoint, in this order"),
        ("'runs/{run}/saved/{checkpoint:c*}/loss'", "loss", "is no node for each `checkpoint`"),
        ("run:        open", "run:        {source: '{who}/{run}.h5'}", "which are in folders of their own"),
        ("{run}/saved/{checkpoint:c*}/loss", "{run}_{checkpoint}/loss", "each a part of its own"),
    ],
    ids=["not all", "no node", "folders", "one part"],
)
def test_braces_that_do_not_say_it_are_refused(generate: Generate, old: str, new: str, what: str) -> None:
    with pytest.raises(SchemaError) as caught:
        generate(RUNS.replace(old, new))
    assert what in str(caught.value)


def test_dims_of_one_name_in_two_groups(generate: Generate, tmp_path: Path) -> None:
    """Braces name the dim that is seen where they stand."""
    path = tmp_path / "twice.h5"
    with h5py.File(path, "w") as file:
        for run in ("a", "b"):
            for step in range(3):
                file[f"logs/{run}/{step}/x"] = step
        file["other/y"], file["other/ends"], file["other/z"] = np.arange(2), [1, 4], np.arange(4)
    with generate("""
        name: twice_named
        bind: plain
        dims: {run: open, step: {per: run}}
        features: {x: {dims: [run, step], dtype: int64, at: 'logs/{run}/{step}/x'}}
        groups:
          other:
            dims: {run: open, step: {per: run, index: {ends: ends}}}
            features:
              y: {dims: [run], dtype: int64}
              z: {dims: [run, step], dtype: int64}
    """).TwiceNamed(path) as found:
        assert found.x["b", "2"] == 2
        assert found.other.y[:].tolist() == [0, 1]
        assert [one.tolist() for one in found.other.z] == [[0], [1, 2, 3]]
        assert (len(found.run), len(found.step), len(found.other.run)) == (2, 6, 2)
