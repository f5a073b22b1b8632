"""Ragged dims of ragged dims of others: LH5's ends of ends, SLEAP's tables that point into tables."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import TypedDict

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from h5schema.errors import DataError, FileError
from h5schema.runtime import (
    Among,
    Array,
    Axis,
    BoundFile,
    IdAxis,
    IndexAt,
    Nested,
    Ragged,
    RaggedAxis,
    Scalar,
    Schema,
)

from .conftest import Generate

Lists = list[list[list[float]]]


class EventEntry(TypedDict):
    """One event."""

    energy: list[NDArray[np.float64]]


class Lh5(BoundFile):
    """Ends of channels, and of pulses of each channel."""

    schema = Schema("lh5", "1.0.0", bind="plain")
    event = Axis(EventEntry)
    channel = RaggedAxis(per="event", index=IndexAt(ends="/energy/cumulative_length"))
    pulse = RaggedAxis(per="channel", index=IndexAt(ends="/energy/flattened_data/cumulative_length"))
    time = Scalar(np.float64, "event")
    energy = Nested[list[NDArray[np.float64]]](
        np.float64, "event channel pulse", at="energy/flattened_data/flattened_data"
    )
    rawid = Ragged(np.int64, "event channel")


def write(path: Path, events: Lists) -> None:
    channels = [channel for event in events for channel in event]
    with h5py.File(path, "w") as file:
        file["time"] = np.arange(len(events), dtype="f8")
        file["energy/cumulative_length"] = np.cumsum([len(event) for event in events]).astype("u4")
        inner = file.create_group("energy/flattened_data")
        inner["cumulative_length"] = np.cumsum([len(channel) for channel in channels]).astype("u4")
        inner["flattened_data"] = np.array([value for channel in channels for value in channel], "f8")
        file["rawid"] = np.arange(len(channels))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.lists(st.floats(-9, 9), max_size=3), max_size=3), max_size=5))
def test_case_7b_ends_of_ends(tmp_path_factory: pytest.TempPathFactory, events: Lists) -> None:
    path = tmp_path_factory.mktemp("lh5") / "events.lh5"
    write(path, events)
    with Lh5(path) as found:
        assert len(found.event) == len(events)
        for row, event in enumerate(events):
            assert [channel.tolist() for channel in found.energy[row]] == event
            assert len(found.rawid[row]) == len(event)
        order = [*range(len(events))][::-1]
        block = found.energy[np.array(order, np.int64)]
        assert [[channel.tolist() for channel in block[i]] for i in range(len(order))] == [events[i] for i in order]
        found.verify()


@pytest.mark.parametrize(
    ("path_in_file", "lie", "what"),
    [
        ("energy/flattened_data/cumulative_length", [1, 3], "the index has 2 entries, but channel has 3 by /rawid"),
        ("energy/flattened_data/cumulative_length", [1, 3, 9], "4 values, but the index of pulse ends at 9"),
        ("energy/cumulative_length", [1, 2], "3 values, but the index of channel ends at 2"),
        ("energy/cumulative_length", [3], "the index has 1 entries, but event has 2 by /time"),
    ],
)
def test_inner_indices_that_lie(tmp_path: Path, path_in_file: str, lie: list[int], what: str) -> None:
    path = tmp_path / "events.lh5"
    write(path, [[[1.0], [2.0, 3.0]], [[4.0]]])
    with h5py.File(path, "a") as file:
        del file[path_in_file]
        file[path_in_file] = np.array(lie, "u4")
    with pytest.raises(FileError) as caught:
        Lh5(path).energy[0]
    assert what in caught.value.what


class FrameEntry(TypedDict):
    """One frame."""

    x: list[NDArray[np.float64]]


class Sleap(BoundFile):
    """Frames name ranges of instances, instances ranges of points; their type says of which points."""

    schema = Schema("sleap", "1.0.0", bind="plain")
    frame = Axis(FrameEntry)
    instance = RaggedAxis(per="frame", index=IndexAt(start="/frames/instance_id_start", end="/frames/instance_id_end"))
    point = RaggedAxis(
        per="instance",
        index=IndexAt(start="/instances/point_id_start", end="/instances/point_id_end", where={"kind": Among(0)}),
    )
    pred_point = RaggedAxis(
        per="instance",
        index=IndexAt(start="/instances/point_id_start", end="/instances/point_id_end", where={"kind": Among(1)}),
    )
    number = Scalar(np.uint64, "frame", at="frames/frame_idx")
    kind = Ragged(np.uint8, "frame instance", at="instances/instance_type")
    x = Nested[list[NDArray[np.float64]]](np.float64, "frame instance point", at="points/x")
    seen = Nested[list[NDArray[np.bool_]]](np.bool_, "frame instance point", at="points/visible")
    pred_x = Nested[list[NDArray[np.float64]]](np.float64, "frame instance pred_point", at="pred_points/x")


def check(path: Path) -> None:
    with Sleap(path) as found, h5py.File(path) as file:
        instances = file["instances"][:]
        assert len(found.frame) == len(file["frames"])
        for row, frame in enumerate(file["frames"][:]):
            own = instances[int(frame["instance_id_start"]) : int(frame["instance_id_end"])]
            assert found.number[row] == frame["frame_idx"]
            assert found.kind[row].tolist() == own["instance_type"].tolist()
            for view, table, column, kind in (
                (found.x, "points", "x", 0),
                (found.seen, "points", "visible", 0),
                (found.pred_x, "pred_points", "x", 1),
            ):
                wanted = [
                    file[table][one["point_id_start"] : one["point_id_end"]][column]
                    if one["instance_type"] == kind
                    else np.empty(0)
                    for one in own
                ]
                got = view[row]
                assert len(got) == len(wanted)
                for a, b in zip(got, wanted, strict=True):
                    np.testing.assert_array_equal(a, b)


def test_case_7c_a_real_file_of_sleap(corpus: Path) -> None:
    check(corpus / "talmolab__sleap/tests/data/slp_hdf5/minimal_instance.slp")


def test_case_7c_ranges_that_overlap_and_turn(tmp_path: Path) -> None:
    path = tmp_path / "made.slp"
    frames = np.zeros(3, [("frame_idx", "u8"), ("instance_id_start", "u8"), ("instance_id_end", "u8")])
    frames["frame_idx"], frames["instance_id_start"], frames["instance_id_end"] = [5, 6, 9], [2, 0, 3], [4, 2, 3]
    instances = np.zeros(4, [("instance_type", "u1"), ("point_id_start", "u8"), ("point_id_end", "u8")])
    instances["instance_type"] = [0, 1, 0, 0]
    instances["point_id_start"], instances["point_id_end"] = [3, 0, 1, 0], [5, 2, 4, 0]
    points = np.zeros(5, [("x", "f8"), ("visible", "?")])
    points["x"], points["visible"] = [1, 2, 3, 4, 5], [True, False, True, True, False]
    with h5py.File(path, "w") as file:
        file["frames"], file["instances"], file["points"] = frames, instances, points
        file["pred_points"] = points[:2]
    check(path)
    with Sleap(path) as found:
        assert [one.tolist() for one in found.x[0]] == [[2, 3, 4], []]
        assert [one.tolist() for one in found.x[1]] == [[4, 5], []]
        assert [one.tolist() for one in found.pred_x[1]] == [[], [1, 2]]
        assert found.x[2] == []
    with h5py.File(path, "a") as file:
        instances["point_id_end"][2] = 9
        file["instances"][:] = instances
    with Sleap(path) as found:
        assert [one.tolist() for one in found.x[1]] == [[4, 5], []]
        with pytest.raises(DataError, match="row 1 is asked for, but the dataset has 5 rows"):
            found.x[0]


def test_case_7b_in_the_language(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "events.lh5"
    events = [[[1.0], [2.0, 3.0]], [], [[], [4.0]]]
    write(path, events)
    with h5py.File(path, "a") as file:
        file["evt/timestamp"], file["evt/energy"] = file["time"], file["energy"]
    package = generate("bound_lh5_events")
    with package.Lh5Events(path) as found:
        assert [[one.tolist() for one in entry] for entry in found.evt.energy] == events
        assert found.evt.timestamp[:].tolist() == [0, 1, 2]
    pytest.importorskip("torch")
    loaders = importlib.import_module(f"{package.__name__}.loaders")
    (batch,) = loaders.events_loader(path)
    assert batch["t"].tolist() == [0, 1, 2]


def test_case_7c_in_the_language(generate: Generate, corpus: Path) -> None:
    path = corpus / "talmolab__sleap/tests/data/slp_hdf5/minimal_instance.slp"
    package = generate("bound_sleap_labels")
    with package.SleapLabels(path) as found, h5py.File(path) as file:
        instances, points = file["instances"][:], file["points"][:]
        for row, frame in enumerate(file["frames"][:]):
            own = instances[int(frame["instance_id_start"]) : int(frame["instance_id_end"])]
            np.testing.assert_array_equal(found.instances.score[row], own["score"])
            wanted = [points["x"][int(one["point_id_start"]) : int(one["point_id_end"])] for one in own]
            for got, one, instance in zip(found.points.x[row], wanted, own, strict=True):
                np.testing.assert_array_equal(got, one if instance["instance_type"] == 0 else [])
        assert found.video_info[0] == json.loads(file["videos_json"][0])
    pytest.importorskip("torch")
    loaders = importlib.import_module(f"{package.__name__}.loaders")
    for batch in loaders.frames_loader(path):
        assert set(batch) == {"index", "points", "video"}


def test_layout_13_entries_along_the_last_axis(generate: Generate, corpus: Path, tmp_path: Path) -> None:
    path = tmp_path / "tracks.h5"
    tracks = np.random.default_rng(4).normal(size=(2, 3, 4, 50))
    with h5py.File(path, "w") as file:
        file.create_dataset("tracks", data=tracks, chunks=(1, 3, 2, 7), compression="gzip")
        file["occupancy"] = np.arange(100, dtype="u1").reshape(50, 2)
    package = generate("""
        name: tracks
        bind: plain
        dims: {frame: open}
        features:
          tracks_of: {dims: [2, 3, 4, frame], dtype: float64, at: tracks}
          occupancy: {dims: [frame, 2], dtype: uint8}
    """)
    with package.Tracks(path) as found:
        assert len(found.frame) == 50
        rows = np.array([49, 3, 4, 5, 3])
        np.testing.assert_array_equal(found.tracks_of[rows], np.moveaxis(tracks, -1, 0)[rows])
        np.testing.assert_array_equal(found.tracks_of[7], tracks[..., 7])
        np.testing.assert_array_equal(found.tracks_of[:], np.moveaxis(tracks, -1, 0))
        assert found.frame[2]["occupancy"].tolist() == [4, 5]
    loom = generate("""
        name: loom
        bind: plain
        dims: {gene: {ids: genes}, cell: open}
        features:
          genes:  {dims: [gene], dtype: str, at: row_attrs/Gene}
          cells:  {dims: [cell], dtype: int64, at: col_attrs/Cell}
          matrix: {dims: [gene, cell], dtype: float64}
    """)
    real = corpus / "linnarsson-lab__loompy/test.loom"
    with loom.Loom(real) as found, h5py.File(real) as file:
        np.testing.assert_array_equal(found.matrix[3], file["matrix"][3])
        assert len(found.cell) == 200


class ImageEntry(TypedDict):
    """One image."""

    pixels: NDArray[np.uint8]


class Images(BoundFile):
    """A dataset for each image, of its own shape."""

    schema = Schema("images", "1.0.0", bind="plain")
    image = IdAxis(ImageEntry, spread="/{image}.png")
    height = RaggedAxis(per="image")
    width = RaggedAxis(per="image")
    pixels = Ragged(np.uint8, "image height width 3", at="{image}.png")
    size = Array(np.int64, "image 2", at="{image}.png@size")


def test_layout_images_of_any_size_in_nodes(tmp_path: Path) -> None:
    path, rng = tmp_path / "images.h5", np.random.default_rng(0)
    shapes = {"b": (2, 5, 3), "a": (4, 1, 3), "c": (0, 3, 3)}
    made = {name: rng.integers(0, 255, shape).astype("u1") for name, shape in shapes.items()}
    with h5py.File(path, "w") as file:
        for name, pixels in made.items():
            file[f"{name}.png"] = pixels
            file[f"{name}.png"].attrs["size"] = pixels.shape[:2]
    with Images(path) as found:
        assert list(found.image) == ["a", "b", "c"]
        for name, pixels in made.items():
            assert found.pixels[name].shape == pixels.shape
            assert found.pixels[name].tobytes() == pixels.tobytes()
            assert found.size[name].tolist() == list(pixels.shape[:2])
        block = found.pixels[[1, 0, 1]]
        assert [block[i].tolist() for i in range(3)] == [made[name].tolist() for name in "bab"]
