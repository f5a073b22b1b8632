"""Entries given one by one: the same file as in blocks, errors at once, and little memory."""

from __future__ import annotations

import resource
import subprocess
import sys
from enum import IntEnum
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare

from h5schema.errors import DataError
from h5schema.runtime import Array, Axis, Enumerated, IdAxis, Ragged, RaggedAxis, Scalar, Text, optional

PACKAGES = Path(__file__).parent / "packages"


class Kind(IntEnum):
    """Of animals."""

    CAT = 3
    DOG = 7


PLAIN = {
    "x": Array(np.float32, "row 4"),
    "label": Scalar(np.int16, "row"),
    "loss": Scalar(np.float32, "row"),
    "good": Scalar(np.bool_, "row"),
    "kind": Enumerated(Kind, "row"),
    "note": Text("row"),
    "wave": Ragged(np.int16, "row time"),
}


def entry(i: int) -> dict[str, Any]:
    return {
        "x": np.full(4, i, np.float32),
        "label": i,
        "loss": [i / 3, np.float32(i), float("nan"), i][i % 4],
        "good": [True, np.bool_(False)][i % 2],
        "kind": [Kind.CAT, Kind.DOG, "DOG"][i % 3],
        "note": ["plain", "größer", ""][i % 3],
        "wave": [np.arange(i % 5, dtype=np.int16), [1, 2]][i % 2],
    }


def blocks(count: int) -> dict[str, list[Any]]:
    entries = [entry(i) for i in range(count)]
    return {name: [one[name] for one in entries] for name in PLAIN}


def contents(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def note(name: str, one: Any) -> None:
        if isinstance(one, h5py.Dataset):
            found[name] = (one.shape, str(one.dtype), one.chunks, np.asarray(one[()]).tobytes())

    with h5py.File(path) as file:
        file.visititems(note)
    return found


@pytest.mark.parametrize("ids", [False, True])
def test_one_by_one_is_the_same_file(tmp_path: Path, ids: bool) -> None:
    """Whatever goes the short way and what the long one, in any order."""
    reader, writer = declare(row=(IdAxis if ids else Axis)(dict), time=RaggedAxis(per="row"), **PLAIN)
    with writer.create(tmp_path / "whole.h5") as w:
        given = blocks(3000)
        w.row.extend([str(i) for i in range(3000)], given) if ids else w.row.extend(given)
    with writer.create(tmp_path / "single.h5") as w:
        for i in range(3000):
            if ids:
                w.row[str(i)] = entry(i)
            else:
                w.row.append(entry(i))
            if i % 700 == 0:
                assert w.label[i] == i
    assert contents(tmp_path / "whole.h5") == contents(tmp_path / "single.h5")
    with reader(tmp_path / "single.h5") as f:
        f.verify()


def test_what_was_given_may_change_afterwards(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), time=RaggedAxis(per="row"), x=PLAIN["x"], wave=PLAIN["wave"])
    x, wave = np.zeros(4, np.float32), np.zeros(3, np.int16)
    with writer.create(tmp_path / "a.h5") as w:
        for i in range(1500):
            x[:], wave[:] = i, i
            w.row.append({"x": x, "wave": wave})
            x[:], wave[:] = -1, -1
    with reader(tmp_path / "a.h5") as f:
        assert f.x[:][:, 0].tolist() == list(range(1500))
        assert [int(one[2]) for one in f.wave] == list(range(1500))


BAD: list[tuple[dict[str, Any], str]] = [
    ({"x": np.zeros(5, np.float32)}, r"the shape is \[5\], not \[4\]"),
    ({"x": np.zeros(4)}, "float32 does not hold every value of float64"),
    ({"x": np.ma.masked_equal(np.zeros(4, np.float32), 0)}, "the array is masked"),
    ({"label": 40_000}, "40000 does not fit int16"),
    ({"label": True}, "true and false are no values"),
    ({"label": 1.0}, "1.0 is not a whole number"),
    ({"label": None}, "the entry is None"),
    ({"loss": 1e300}, "would become infinite"),
    ({"good": 1}, "is not true or false"),
    ({"kind": 4}, "4 is no value of Kind"),
    ({"note": b"bytes"}, "bytes, not str"),
    ({"note": "\udcff"}, "cannot be written as utf-8"),
    ({"wave": np.zeros(3, np.int32)}, "int16 does not hold"),
    ({"wave": np.zeros((3, 1), np.int16)}, "the shape is"),
    ({"wavf": 1}, "wavf is no feature"),
]


@pytest.mark.parametrize(("wrong", "message"), BAD)
def test_what_does_not_fit_is_refused_at_once(tmp_path: Path, wrong: dict[str, Any], message: str) -> None:
    """The entry is named, nothing of it stays, and its id may be given to another."""
    reader, writer = declare(row=IdAxis(dict), time=RaggedAxis(per="row"), **PLAIN)
    with writer.create(tmp_path / "a.h5") as w:
        for i in range(3):
            w.row[f"good {i}"] = entry(i)
            with pytest.raises(DataError, match=message) as caught:
                w.row[f"other {i}"] = entry(i) | wrong
            if "wavf" not in wrong:
                assert f"row {2 * i + 1}" in str(caught.value)
            w.row[f"good {i}"] = entry(i)
            w.row[f"other {i}"] = entry(i)
    with reader(tmp_path / "a.h5") as f:
        assert list(f.row) == [f"{word} {i}" for i in range(3) for word in ("good", "other")]
        assert f.label[:].tolist() == [0, 0, 1, 1, 2, 2]
        f.verify()


def test_optional_entries(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), x=optional(Array(np.float32, "row 4")), n=Scalar(np.int64, "row"))
    with writer.create(tmp_path / "a.h5") as w:
        for i in range(50):
            w.row.append({"n": i, "x": None if i % 3 == 0 else np.full(4, i, np.float32)})
            w.row.append({"n": i})
    with reader(tmp_path / "a.h5") as f:
        assert [f.x[i] is None for i in range(100)] == [i % 2 == 1 or i // 2 % 3 == 0 for i in range(100)]
        f.verify()


def test_large_entries_do_not_pile_up(tmp_path: Path) -> None:
    """Entries of 4 MiB: whether they go the short way (an array) or the long one (a list), a few wait at most."""
    code = f"""
import resource, sys
sys.path.insert(0, {str(PACKAGES)!r})
import numpy as np
from blank import declare
from h5schema.runtime import Array, Axis, Ragged, RaggedAxis, Scalar
_, one = declare(row=Axis(dict), x=Array(np.uint8, "row 4194304"), n=Scalar(np.int64, "row", check=None))
_, two = declare(row=Axis(dict), time=RaggedAxis(per="row"), x=Ragged(np.uint8, "row time"), n=Scalar(np.int64, "row"))
x = np.zeros(1 << 22, np.uint8)
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
before = peak()
for i, (writer, n) in enumerate(((one, 1), (two, 1), (one, [1]), (two, np.int32(1)))):
    with writer.create(f"{{sys.argv[1]}}/{{i}}.h5") as w:
        for _ in range(40):
            try:
                w.row.append({{"x": x, "n": n}})
            except Exception as error:
                w.row.append({{"x": x, "n": 1}})
print(peak() - before)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, timeout=60, check=True
    )
    assert int(done.stdout) < 110


def test_single_entries_are_quick(tmp_path: Path) -> None:
    """The benchmark has the figure (0.4 of `extend`); this notices when entries take the long way again."""
    _, writer = declare(row=IdAxis(dict), x=Array(np.float32, "row 256"), label=Scalar(np.int64, "row"))
    x = np.zeros(256, np.float32)
    with writer.create(tmp_path / "a.h5") as w:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        for i in range(5000):
            w.row[str(i)] = {"x": x, "label": i}
        seconds = resource.getrusage(resource.RUSAGE_SELF).ru_utime - before
    assert seconds / 5000 < 60e-6, "the long way takes twice that"
