"""Ragged dims of others: every form of an index gives what numpy gives; one that lies is refused."""

from __future__ import annotations

import importlib
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from h5schema.errors import DataError, FileError

from .conftest import Generate

FORMS = {
    "offsets": "{offsets: /at/offsets}",
    "ends": "{ends: /at/ends}",
    "lengths": "{lengths: at/lengths}",
    "ranges": "{ranges: /at/ranges}",
    "start_end": "{start: /at/start, end: /at/end}",
    "start_length": "{start: /at/table/start, length: /at/table/length}",
}
TOUCHING = ("offsets", "ends", "lengths")


def schema(form: str, *, where: str = "") -> str:
    index = FORMS[form].replace("}", f", where: {{kind: {where}}}}}") if where else FORMS[form]
    return f"""
        name: {form}{"_where" if where else ""}
        bind: plain
        dims:
          entry: open
          item: {{per: entry, index: {index}}}
        features:
          kind:  {{dims: [entry], dtype: uint8}}
          value: {{dims: [entry, item, 2], dtype: float32}}
          note:  {{dims: [entry, item], dtype: int16, optional: true}}
    """


def write(path: Path, form: str, starts: np.ndarray, lengths: np.ndarray, values: np.ndarray) -> None:
    stops = starts + lengths
    with h5py.File(path, "w") as file:
        file["kind"] = np.arange(len(starts), dtype="u1") % 3
        file["value"] = values
        at = file.create_group("at")
        at["offsets"] = np.concatenate([[0], np.cumsum(lengths)]).astype("u4")
        at["ends"], at["lengths"] = np.cumsum(lengths).astype(">i8"), lengths.astype("i2")
        at["ranges"] = np.stack([starts, stops], 1).astype("u8").reshape(-1, 2)
        at["start"], at["end"] = starts.astype("i4"), stops.astype("i4")
        table = np.zeros(len(starts), [("length", "u2"), ("start", "i8")])
        table["start"], table["length"] = starts, lengths
        at["table"] = table


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_numpys(generate: Generate, tmp_path: Path, form: str) -> None:
    plain = getattr(generate(schema(form)), "".join(part.title() for part in form.split("_")))
    some = getattr(generate(schema(form, where="[0, 2]")), "".join(part.title() for part in form.split("_")) + "Where")
    path, number = tmp_path / "data.h5", 0

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(st.integers(0, 5), max_size=9), st.randoms(use_true_random=False))
    def check(counts: list[int], random: object) -> None:
        nonlocal number
        number += 1
        here = path.with_stem(f"data{number}")
        lengths = np.array(counts, np.int64)
        rng = np.random.default_rng(random.randint(0, 1 << 30))  # type: ignore[attr-defined]
        values = rng.normal(size=(int(lengths.sum()), 2)).astype("f4")
        starts = np.concatenate([[0], np.cumsum(lengths)])[:-1]
        if form not in TOUCHING:  # entries may overlap, and lie in any order
            starts = np.array([rng.integers(0, len(values) - n + 1) for n in counts], np.int64)
        write(here, form, starts, lengths, values)
        wanted = [values[a : a + n] for a, n in zip(starts, lengths, strict=True)]
        with plain(here) as found:
            assert len(found.entry) == len(counts)
            rows = rng.integers(0, len(counts), 7) if counts else np.zeros(0, np.int64)
            for block, order in ((found.value[:], range(len(counts))), (found.value[rows], rows)):
                assert [one.tolist() for one in block] == [wanted[row].tolist() for row in order]
            assert not found.note[:].present.any()
            found.verify()
        with some(here) as found:
            empty = np.empty((0, 2))
            kept = [one if row % 3 != 1 else empty for row, one in enumerate(wanted)]
            assert [one.tolist() for one in found.value] == [one.tolist() for one in kept]

    check()


def test_case_7a_units(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "units.nwb"
    times = np.sort(np.random.default_rng(1).random(50))
    ends = np.array([0, 20, 20, 50], "u1")  # the first unit has no spikes: it looks like offsets
    with h5py.File(path, "w") as file:
        file["units/id"] = np.array([11, 5, 7, 2])
        file["units/spike_times"], file["units/spike_times_index"] = times, ends
        file["units/electrodes"], file["units/electrodes_index"] = [2, 0, 1, 0], [1, 2, 3, 4]
        electrodes = file.create_group("general/extracellular_ephys/electrodes")
        electrodes["x"] = np.array([0.5, 1, 2], "f4")
        electrodes["location"] = ["CA1", "CA3", "DG"]
    package = generate("bound_units")
    with package.Units(path) as found:
        assert list(found.unit) == ["11", "5", "7", "2"]
        for row, (start, stop) in enumerate([(0, 0), (0, 20), (20, 20), (20, 50)]):
            assert found.units.spike_times[row].tolist() == times[start:stop].tolist()
        assert found.units.spike_times["2"].tolist() == times[20:].tolist()
        assert found.electrodes.location[found.units.electrodes["11"]][0] == "DG"
        assert found.electrodes.x[:].values.tolist() == [0.5, 1, 2]
        assert found.unit["7"]["units"]["electrodes"].tolist() == [1]
    pytest.importorskip("torch")
    loaders = importlib.import_module(f"{package.__name__}.loaders")
    for row, batch in enumerate(loaders.units_loader(path)):
        start, stop = [(0, 0), (0, 20), (20, 20), (20, 50)][row]
        assert batch["spikes"].values.tolist() == times[start:stop].tolist()
        assert batch["where"] == [[["DG"], ["CA1"], ["CA3"], ["CA1"]][row]]


def test_ids_that_stand_twice_are_refused(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "units.nwb"
    with h5py.File(path, "w") as file:
        file["units/id"] = [1, 2, 1]
        for name in ("spike_times", "electrodes"):
            file[f"units/{name}_index"], file[f"units/{name}"] = (
                [0, 0, 0],
                np.zeros(0, "f8" if name[0] == "s" else "i8"),
            )
        file.create_dataset("general/extracellular_ephys/electrodes/location", (0,), h5py.string_dtype())
    with generate("bound_units").Units(path) as found:
        assert list(found.unit) == ["1", "2", "1"]
        with pytest.raises(FileError, match="2 entries have the id '1'") as caught:
            found.unit["2"]
    assert caught.value.where == f"{path}: /units/id"


LIES = [
    ("offsets", "offsets", [0, 2, 5], "the index has 2 entries, but entry has 3 by /kind"),
    ("offsets", "offsets", [0, 2, 4, 7], "6 values, but the index of item ends at 7"),
    ("offsets", "offsets", [0, 2, 4, 5], "6 values, but the index of item ends at 5"),
    ("offsets", "offsets", [1, 2, 4, 6], "the offsets begin with 1, not with 0: the values before it would belong"),
    ("ends", "ends", [0, 2, 4, 6], "the index has 4 entries, but entry has 3 by /kind"),
    ("lengths", "lengths", [3, -1, 4], "a length of -1"),
    ("lengths", "lengths", [3, 1, 1], "6 values, but the index of item ends at 5"),
    ("lengths", "lengths", [3.0, 1.0, 2.0], "an index is made of whole numbers, not of float64 [3]"),
    ("ranges", "ranges", [0, 2, 6], "ranges are pairs of start and stop, not of shape [3]"),
    ("start_end", "end", [1, 2], "[2] ends or lengths for [3] starts"),
]


@pytest.mark.parametrize(("form", "name", "lie", "what"), LIES)
def test_an_index_that_cannot_be_is_refused(
    generate: Generate, tmp_path: Path, form: str, name: str, lie: list[float], what: str
) -> None:
    path = tmp_path / "data.h5"
    write(path, form, np.array([0, 1, 3]), np.array([1, 2, 3]), np.zeros((6, 2), "f4"))
    with h5py.File(path, "a") as file:
        del file["at"][name]
        file["at"][name] = np.array(lie)
    with pytest.raises(FileError) as caught:
        getattr(generate(schema(form)), "".join(part.title() for part in form.split("_")))(path).kind[:]
    assert what in caught.value.what


WORSE = [
    ("offsets", "offsets", [0, 5, 4, 6], 1, "the entry begins at 5 and ends at 4", "/at/offsets, row 1"),
    ("ends", "ends", [7, 2, 6], 1, "the entry begins at 7 and ends at 2", "/at/ends, row 1"),
    ("ends", "ends", [7, 7, 6], 0, "row 0 is asked for, but the dataset has 6 rows", "/value"),
    ("ranges", "ranges", [[0, 1], [5, 9], [0, 0]], 1, "row 5 is asked for, but the dataset has 6 rows", "/value"),
    ("start_end", "start", [-2, 0, 0], 0, "row -2 is asked for, but the dataset has 6 rows", "/value"),
]


@pytest.mark.parametrize(("form", "name", "lie", "row", "what", "where"), WORSE)
def test_an_entry_outside_is_refused_and_the_others_are_read(
    generate: Generate, tmp_path: Path, form: str, name: str, lie: list[int], row: int, what: str, where: str
) -> None:
    path = tmp_path / "data.h5"
    write(path, form, np.array([0, 1, 3]), np.array([1, 2, 3]), np.ones((6, 2), "f4"))
    with h5py.File(path, "a") as file:
        del file["at"][name]
        file["at"][name] = np.array(lie)
    with getattr(generate(schema(form)), "".join(part.title() for part in form.split("_")))(path) as found:
        with pytest.raises(DataError) as caught:
            found.value[row]
        assert what in caught.value.what
        assert caught.value.where == f"{path}: {where}"
        if form != "ends":
            assert found.value[0 if row else 2].shape[1] == 2


def test_a_missing_index_is_named(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "data.h5"
    write(path, "ends", np.array([0]), np.array([2]), np.zeros((2, 2), "f4"))
    with h5py.File(path, "a") as file:
        del file["at/ends"]
    with pytest.raises(FileError, match="the dataset ends is missing") as caught:
        generate(schema("ends")).Ends(path).value[0]
    assert caught.value.where == f"{path}: /at/ends"


def test_a_real_file_whose_offsets_lie(generate: Generate, corpus: Path) -> None:
    """Offsets that go down, past the end and below zero, and labels of another length."""
    path = corpus / "hostile/ragged_bad_offsets.h5"
    with h5py.File(path) as file:
        names = list(file)
    assert names
    with pytest.raises(FileError):
        generate("""
            name: hostile
            bind: plain
            dims: {entry: open, item: {per: entry, index: {offsets: /offsets}}}
            features:
              value: {dims: [entry, item], dtype: float32, at: values}
              label: {dims: [entry], dtype: int64, at: labels}
        """).Hostile(path).value[:]
