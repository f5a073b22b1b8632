"""Dims that are laid out as paths: a node for each entry, in natural order, with every value equal to h5py's."""

from __future__ import annotations

import importlib
import json
import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest

from h5schema.errors import DataError, FileError

from .conftest import Generate


def lift(path: Path, lengths: dict[int, int]) -> dict[int, dict[str, np.ndarray]]:
    """A file as robomimic writes it; the demos are made in another order than that of their numbers."""
    rng, made = np.random.default_rng(5), {}
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        data.attrs["env_args"] = json.dumps({"env_name": "Lift"})
        data.create_group("notes")  # no demo
        for number, steps in sorted(lengths.items(), key=lambda item: str(item[0])):
            demo = data.create_group(f"demo_{number}")
            demo.attrs["model_file"] = f"<model {number}/>"
            demo.attrs["num_samples"] = steps
            arrays = {
                "actions": rng.normal(size=(steps, 7)),
                "rewards": rng.normal(size=steps),
                "dones": rng.integers(0, 2, steps),
                "obs/agentview_image": rng.integers(0, 255, (steps, 84, 84, 3)).astype("u1"),
                "obs/robot0_eef_pos": rng.normal(size=(steps, 3)),
            }
            for name, values in arrays.items():
                chunks = {"chunks": (1, *values.shape[1:]), "compression": "gzip"} if "image" in name and steps else {}
                demo.create_dataset(name, data=values, **chunks)
            made[number] = arrays
        file["mask/train"] = np.array([b"demo_1", b"demo_10"])
        file["mask/valid"] = np.array([b"demo_2"])
    return made


LENGTHS = {1: 4, 2: 9, 10: 3, 11: 0, 3: 5}
ORDER = [1, 2, 3, 10, 11]


def test_case_5_B2_a_group_for_each_entry(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "demo.hdf5"
    made = lift(path, LENGTHS)
    package = generate("bound_lift")
    with package.Lift(path) as found:
        assert list(found.demo) == [f"demo_{number}" for number in ORDER]
        assert len(found.demo) == 5
        assert found.env[()] == {"env_name": "Lift"}
        assert found.mask.train[()] == ["demo_1", "demo_10"]
        for row, number in enumerate(ORDER):
            arrays = made[number]
            assert found.data.action[row].tobytes() == arrays["actions"].tobytes()
            assert found.data.reward[f"demo_{number}"].tobytes() == arrays["rewards"].tobytes()
            image = found.data.obs.agentview_image[f"demo_{number}"]
            assert image.tobytes() == arrays["obs/agentview_image"].tobytes()
            assert image.shape == arrays["obs/agentview_image"].shape
            assert found.data.model[row] == f"<model {number}/>"
        entry = found.demo["demo_3"]["data"]
        assert entry["obs"]["robot0_eef_pos"].tobytes() == made[3]["obs/robot0_eef_pos"].tobytes()
        assert entry["done"].tolist() == made[3]["dones"].tolist()
        some = found.data.action[[3, 0, 3, 4]]
        wanted = [made[n]["actions"].tolist() for n in (10, 1, 10, 11)]
        assert [one.tolist() for one in some] == wanted
        assert "demo_4" not in found.demo
        found.verify()
        again = pickle.loads(pickle.dumps(found))
        assert again.data.done["demo_1"].tolist() == made[1]["dones"].tolist()


def test_case_5_loader(generate: Generate, tmp_path: Path) -> None:
    """A sample for each step; windows look back and ahead inside its demo, whose ends are repeated."""
    pytest.importorskip("torch")
    path = tmp_path / "demo.hdf5"
    made = lift(path, LENGTHS)
    package = generate("bound_lift")
    loaders = importlib.import_module(f"{package.__name__}.loaders")
    wanted = [(number, step) for number in (1, 10) for step in range(LENGTHS[number])]  # mask/train
    with package.Lift(path) as found:
        assert found.split("official/train").tolist() == [0, 3]
        assert found.split("official/valid").tolist() == [1]
    for workers in (0, 2):
        seen = []
        for inputs, targets in loaders.policy_loader(path, seed=3, workers=workers):
            for i in range(len(targets["action"])):
                action, image = targets["action"][i].numpy(), inputs["obs"]["agentview_image"][i].numpy()
                number, step = next(
                    (n, t) for n, t in wanted if np.array_equal(made[n]["actions"][t].astype("f4"), action[0])
                )
                seen.append((number, step))
                ahead = np.clip(np.arange(step, step + 16), 0, LENGTHS[number] - 1)
                np.testing.assert_array_equal(action, made[number]["actions"][ahead].astype("f4"))
                back = np.clip([step - 1, step], 0, None)
                np.testing.assert_array_equal(image, made[number]["obs/agentview_image"][back])
        assert sorted(seen) == wanted


def test_parts_that_features_hold(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "parts.h5"
    package = generate("""
        name: held_parts
        bind: plain
        dims: {row: open}
        features:
          x:     {dims: [row], dtype: int64}
          good:  {dims: [row], dtype: bool}
          bad:   {dims: [row], dtype: bool}
          early: {dims: [_], dtype: int32}
          late:  {dims: [_], dtype: int32}
        splits:
          mask: {over: row, parts: {good: good, bad: bad}}
          time: {over: row, parts: {early: early, late: late}}
    """)
    with h5py.File(path, "w") as file:
        file["x"] = np.arange(5)
        file["good"] = np.array([True, False, True, False, False])
        file["bad"] = np.array([False, True, False, False, True])
        file["early"], file["late"] = np.array([3, 0], "i4"), np.array([2, 4], "i4")
    with package.HeldParts(path) as found:
        assert found.split("mask/good").tolist() == [0, 2]
        assert found.split("mask/bad").tolist() == [1, 4]
        assert found.split("time/early").tolist() == [0, 3]
    for late, what in (([0, 4], "the entry is in early and late"), ([2, 5], "position 5 is named, but there are 5")):
        with h5py.File(path, "a") as file:
            file["late"][:] = late
        with package.HeldParts(path) as found, pytest.raises(DataError, match=what):
            found.split("time/late")


SAMPLES = """
    name: samples
    bind: plain
    dims: {traj: open, time: {per: traj}, node: {per: traj}}
    features:
      wave:   {dims: [traj, time], dtype: float32, at: 'trajectory_{traj:int}'}
      unit:   {dims: [traj], dtype: str, at: 'trajectory_{traj:int}@unit'}
      bounds: {dims: [traj, 2], dtype: int16, at: 'trajectory_{traj:int}@bounds'}
      label:  {dims: [traj, 2], dtype: int64, at: 'labels/of_{traj}', optional: true}
      nodes:  {dims: [traj, node, 2], dtype: float64, at: 'graphs/{traj}/nodes', optional: true}
      edges:  {dims: [traj, node], dtype: float64, at: 'graphs/{traj}/weights', optional: true}
"""


def samples(path: Path) -> None:
    with h5py.File(path, "w") as file:
        for number in ("7", "008", "30"):
            wave = file.create_dataset(f"trajectory_{number}", data=np.arange(int(number), dtype=">f4"))
            wave.attrs["unit"], wave.attrs["bounds"] = f"mV {number}", np.array([1, int(number)], "i2")
        file["trajectory_x"] = 1
        file["labels/of_008"] = np.array([3, 4], "u1")
        file["labels/of_30"] = np.array([5, 6], "i4")


def test_B2_a_dataset_for_each_entry_and_B3_its_attributes(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "samples.h5"
    samples(path)
    with generate(SAMPLES.split("      nodes:")[0]).Samples(path) as found:
        assert list(found.traj) == ["7", "008", "30"]
        assert found.wave["008"].tolist() == list(range(8))
        assert list(found.unit[:]) == ["mV 7", "mV 008", "mV 30"]
        assert found.bounds[:].tolist() == [[1, 7], [1, 8], [1, 30]]
        assert found.label["7"] is None
        assert [None if one is None else one.tolist() for one in found.label] == [None, [3, 4], [5, 6]]


def test_entries_whose_node_is_missing_are_absent(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "samples.h5"
    samples(path)
    package = generate(SAMPLES)
    with package.Samples(path) as found:
        assert (list(found.nodes), list(found.edges)) == ([None] * 3, [None] * 3)
    with h5py.File(path, "a") as file:
        file["graphs/008/nodes"] = np.ones((4, 2))
        file["graphs/30/weights"] = np.ones(3)
    with package.Samples(path) as found:
        assert [None if one is None else one.shape for one in found.nodes] == [None, (4, 2), None]
        assert [None if one is None else one.tolist() for one in found.edges] == [None, None, [1, 1, 1]]
        assert found.nodes[:].present.tolist() == [False, True, False]
        assert found.traj["30"]["nodes"] is None
    with h5py.File(path, "a") as file:
        del file["graphs"]
    schema = SAMPLES.replace("nodes:  {dims: [traj, node, 2]", "nodes:  {dims: [traj, time, 2]")
    schema = schema.replace("name: samples", "name: others").replace("[traj, node]", "[traj, time]")
    with h5py.File(path, "a") as file:
        file["graphs/7/nodes"] = np.zeros((7, 2))
        file["graphs/30/nodes"] = np.ones((30, 2))
        file["graphs/30/weights"] = np.ones(29)
    with generate(schema).Others(path) as found:
        assert [None if one is None else one.shape for one in found.nodes] == [(7, 2), None, (30, 2)]
        assert found.nodes[:].present.tolist() == [True, False, True]
        with pytest.raises(FileError) as caught:
            found.edges[0]
        assert "29 of time, but this entry has 30" in caught.value.what
        assert caught.value.where == f"{path}: /graphs/30/weights"


def test_real_demonstrations(generate: Generate, corpus: Path) -> None:
    path = corpus / "StanfordVL__robosuite/robosuite/models/assets/demonstrations/wipe/panda/demo.hdf5"
    package = generate("""
        name: wipe
        bind: plain
        dims: {demo: open, step: {per: demo}}
        features:
          info: {dtype: json, at: 'data@env_info'}
          date: {dtype: str, at: 'data@date'}
        groups:
          data:
            at: 'data/{demo:demo_*}'
            over: [demo, step]
            features:
              actions: {dims: [demo, step, 6], dtype: float64}
              joint_torques: {dims: [demo, step, 7], dtype: float64}
              model: {dims: [demo], dtype: str, at: '@model_file'}
    """)
    with package.Wipe(path) as found, h5py.File(path) as file:
        assert list(found.demo) == ["demo_1"]
        assert found.info[()]["env_name"] == "Wipe"
        assert found.date[()] == file["data"].attrs["date"]
        demo = file["data/demo_1"]
        np.testing.assert_array_equal(found.data.actions["demo_1"], demo["actions"][:])
        np.testing.assert_array_equal(found.data.joint_torques[0], demo["joint_torques"][:])
        assert found.data.model[0] == demo.attrs["model_file"]


def test_layout_2_real_complexes(generate: Generate, corpus: Path) -> None:
    """A group for each complex; nodes and edges have numbers of their own."""
    path = corpus / "DeepRank__deeprank2/tests/data/hdf5/variants.hdf5"
    package = generate("""
        name: complexes
        bind: plain
        dims: {entry: open, node: {per: entry}, edge: {per: entry}}
        groups:
          graph:
            at: '{entry}'
            over: entry
            features:
              target:   {dtype: int64, at: target_values/binary}
              position: {dims: [entry, node, 3], dtype: float64, at: node_features/_position}
              pairs:    {dims: [entry, edge, 2], dtype: int64, at: edge_features/_index}
              distance: {dims: [entry, edge], dtype: float64, at: edge_features/distance}
    """)
    with package.Complexes(path) as found, h5py.File(path) as file:
        assert sorted(found.entry) == sorted(file)
        for name in file:
            node, edge = file[name]["node_features"], file[name]["edge_features"]
            np.testing.assert_array_equal(found.graph.position[name], node["_position"][:])
            np.testing.assert_array_equal(found.graph.pairs[name], edge["_index"][:])
            np.testing.assert_array_equal(found.graph.distance[name], edge["distance"][:])
            assert found.graph.target[name] == file[name]["target_values/binary"][()]


def _break(name: str, path: Path) -> None:
    with h5py.File(path, "a") as file:
        demo = file["data/demo_3"]
        if name == "missing":
            del demo["rewards"]
        elif name == "shape":
            del demo["actions"]
            demo["actions"] = np.zeros((5, 6))
        elif name == "length":
            del demo["rewards"]
            demo["rewards"] = np.zeros(6)
        elif name == "dtype":
            del demo["dones"]
            demo["dones"] = np.zeros(5)
        else:
            del file["data"]


@pytest.mark.parametrize(
    ("name", "view", "what", "where"),
    [
        ("missing", "reward", "the dataset rewards is missing", "/data/demo_3/rewards"),
        ("shape", "action", "its shape is [5, 6], but that of /data/demo_1/actions is [4, 7]", "/data/demo_3/actions"),
        ("length", "reward", "6 of step, but this entry has 5", "/data/demo_3/rewards"),
        ("dtype", "done", "stored as float64, which int64 does not hold", "/data/demo_3/dones"),
        ("group", "done", "the group data is missing", "/data@env_args"),
    ],
)
def test_nodes_that_are_not_alike_are_named(
    generate: Generate, tmp_path: Path, name: str, view: str, what: str, where: str
) -> None:
    path = tmp_path / "demo.hdf5"
    lift(path, LENGTHS)
    _break(name, path)
    with pytest.raises((FileError, DataError)) as caught:
        getattr(generate("bound_lift").Lift(path).data, view)[:]
    assert what in caught.value.what
    assert caught.value.where == f"{path}: {where}"


def test_no_entries_at_all(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "demo.hdf5"
    lift(path, {})
    with generate("bound_lift").Lift(path) as found:
        assert list(found.demo) == []
        assert len(found.data.action[:]) == 0
        assert len(found.data.model) == 0


def test_B3_all_attributes_as_a_dict(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "samples.h5"
    samples(path)
    with h5py.File(path, "a") as file:
        file.attrs["rate"], file.attrs["empty"] = np.float32(0.5), h5py.Empty("f4")
    package = generate("""
        name: dicts
        bind: plain
        dims: {traj: open, time: {per: traj}}
        features:
          wave:  {dims: [traj, time], dtype: float32, at: 'trajectory_{traj:int}'}
          about: {dims: [traj], dtype: any, at: 'trajectory_{traj:int}@*'}
          file_about: {dtype: any, at: '@*'}
    """)
    with package.Dicts(path) as found:
        about = found.about["008"]
        assert about["unit"] == "mV 008"
        assert about["bounds"].tolist() == [1, 8]
        assert [one["unit"] for one in found.about] == ["mV 7", "mV 008", "mV 30"]
        assert found.file_about[()] == {"rate": 0.5, "empty": None}
        assert found.traj["30"]["about"]["bounds"].dtype == np.int16


def test_nodes_at_any_depth(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "tree.h5"
    with h5py.File(path, "w") as file:
        for number, name in enumerate(("b", "a/x", "a/x2", "a/x10/y", "c/d/e/f")):
            file[f"tree/{name}/data"] = np.arange(number)
            file[f"tree/{name}"].attrs["kind"] = name[0]
        file["tree/a/other"] = 5
        file["tree/loop"] = file["tree"]  # a cycle
        file["tree/soft"] = h5py.SoftLink("/tree/b")
    schema = """
        name: tree_nodes
        bind: plain
        dims: {leaf: open, value: {per: leaf}}
        features:
          data: {dims: [leaf, value], dtype: int64, at: 'tree/{leaf:path}/data'}
          kind: {dims: [leaf], dtype: str, at: 'tree/{leaf:path}@kind'}
        loaders:
          train: {over: leaf, inputs: {feature: data, as: pad}, targets: kind, batch: 5}
    """
    package = generate(schema)
    with package.TreeNodes(path) as found:
        assert sorted(found.leaf) == ["a/x", "a/x10/y", "a/x2", "b", "c/d/e/f"]
        assert found.data["a/x10/y"].tolist() == [0, 1, 2]
        assert dict(zip(found.leaf, found.kind, strict=True))["c/d/e/f"] == "c"
        assert list(found.leaf)[:3] == ["a/x", "a/x2", "a/x10/y"]
    with generate("""
        name: alone
        bind: plain
        dims: {leaf: open}
        features: {kind: {dims: [leaf], dtype: str, at: 'tree/{leaf:path}@kind'}}
    """).Alone(path) as found:
        assert list(found.kind) == ["a", "a", "a", "b", "c"]
