"""What is written by hand comes back: every dtype, no, one and many entries, in every way of reading."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blank import declare
from everything import Everything, EverythingWriter
from everything.examples import entry, equal, name_of, write
from everything.groups import Label, Mode
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from h5schema.errors import DataError
from h5schema.runtime import (
    Array,
    Axis,
    Enumerated,
    IdAxis,
    Maybe,
    Ragged,
    RaggedAxis,
    RaggedBlock,
    Scalar,
    Text,
    optional,
)
from h5schema.vocabulary.dtypes import NUMBERS

DTYPES = [name for name in NUMBERS if name in np.sctypeDict]
COUNTS = [0, 1, 2, 700]


class Color(IntEnum):
    """An enum whose values are neither sorted nor dense."""

    red = 7
    green = -300
    blue = 0


def values_of(dtype: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Values of all sizes that a dtype has, its extremes first."""
    rng = np.random.default_rng(5)
    size = int(np.prod(shape))
    kind = np.dtype(dtype).kind
    if kind == "b":
        flat = rng.integers(0, 2, size).astype(bool)
    elif kind in "iu":
        info = np.iinfo(dtype)
        flat = rng.integers(info.min, info.max, size, dtype=dtype, endpoint=True)
        extremes = np.array([info.min, info.max, 0], dtype)
        flat[: min(3, size)] = extremes[: min(3, size)]
    else:
        raw = rng.integers(0, 256, size * np.dtype(dtype).itemsize).astype(np.uint8)
        flat = raw.view(dtype)
        extremes = np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324, np.finfo(dtype).max], dtype)
        flat[: min(6, size)] = extremes[: min(6, size)]
    return flat.reshape(shape)


def same_bytes(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    """Equal to the last bit: NaN payloads and the sign of zero too."""
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", COUNTS)
def test_every_dtype_as_number_and_as_array(tmp_path: Path, dtype: str, count: int) -> None:
    kind: Any = np.dtype(dtype).type
    reader, writer = declare(
        row=Axis(dict),
        number=Scalar(kind, "row"),
        array=Array(kind, "row 2 3"),
        packed=Array(kind, "row 2", codec="default"),
        perhaps=optional(Scalar(kind, "row")),
        perhaps_array=optional(Array(kind, "row 2")),
    )
    numbers, arrays = values_of(dtype, (count,)), values_of(dtype, (count, 2, 3))
    there = np.arange(count) % 3 != 1
    with writer.create(tmp_path / "blocks.h5") as w:
        w.row.extend(
            {
                "number": numbers,
                "array": arrays,
                "packed": arrays[:, 0, :2],
                "perhaps": Maybe(numbers, there),
                "perhaps_array": Maybe(arrays[:, 1, :2], there),
            }
        )
    with writer.create(tmp_path / "entries.h5") as w:
        for i in range(count):
            w.row.append(
                {
                    "number": numbers[i],
                    "array": arrays[i],
                    "packed": arrays[i, 0, :2],
                    "perhaps": numbers[i] if there[i] else None,
                    "perhaps_array": arrays[i, 1, :2] if there[i] else None,
                }
            )
    for name in ("blocks.h5", "entries.h5"):
        with reader(tmp_path / name) as f:
            assert len(f.row) == len(f.number) == count
            assert same_bytes(f.number[:], numbers)
            assert same_bytes(f.array[:], arrays)
            assert same_bytes(f.packed[:], np.ascontiguousarray(arrays[:, 0, :2]))
            some = f.perhaps[:]
            assert np.array_equal(some.present, there)
            assert same_bytes(some.values[there], numbers[there])
            assert [one is None for one in f.perhaps] == (~there).tolist()
            assert [one is None for one in f.perhaps_array] == (~there).tolist()
            f.verify()
            if count:
                last = f.row[-1]
                assert type(last["number"]) is type(numbers[-1].item())
                assert np.array([last["number"]], dtype).tobytes() == numbers[-1:].tobytes()
                assert same_bytes(last["array"], arrays[-1])


@pytest.mark.parametrize("count", COUNTS)
def test_texts(tmp_path: Path, count: int) -> None:
    reader, writer = declare(
        row=Axis(dict),
        text=Text("row"),
        short=Text("row", size=16),
        perhaps=optional(Text("row")),
        o=optional(Text("row", size=9)),
    )
    texts = [["", "a", "Grüße", "🙂" * 4, "nul\0in", "x" * 16, "\n\t "][i % 7] for i in range(count)]
    longer = [text * (40 if i % 3 else 1) for i, text in enumerate(texts)]
    perhaps = [None if i % 4 == 1 else text for i, text in enumerate(longer)]
    brief = [None if i % 4 == 2 else text[:2] for i, text in enumerate(texts)]
    with writer.create(tmp_path / "a.h5") as w:
        half = count // 2
        w.row.extend({"text": longer[:half], "short": texts[:half], "perhaps": perhaps[:half], "o": brief[:half]})
        for i in range(half, count):
            w.row.append({"text": longer[i], "short": texts[i], "perhaps": perhaps[i], "o": brief[i]})
    with reader(tmp_path / "a.h5") as f:
        assert list(f.text) == longer == list(f.text[:])
        assert list(f.short) == texts
        assert list(f.perhaps) == perhaps
        assert list(f.o) == brief
        assert f.text[::-3] == longer[::-3]
        f.verify()


@given(texts=st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])), max_size=12))
def test_any_texts(tmp_path: Path, texts: list[str | None]) -> None:
    reader, writer = declare(row=Axis(dict), text=optional(Text("row")))
    with writer.create(tmp_path / "a.h5", overwrite=True) as w:
        w.row.extend({"text": texts})
    with reader(tmp_path / "a.h5") as f:
        assert list(f.text) == texts
        assert [f.row[i]["text"] for i in range(len(texts))] == texts


@pytest.mark.parametrize("count", COUNTS)
def test_enums(tmp_path: Path, count: int) -> None:
    names = ("rot", "grün ist's", "class")
    reader, writer = declare(
        row=Axis(dict),
        color=Enumerated(Color, "row", names=names),
        pair=Array(np.int16, "row 2", enum=Color, names=names),
        perhaps=optional(Enumerated(Color, "row", names=names)),
    )
    colors = [list(Color)[i % 3] for i in range(count)]
    pairs = np.array([[color, Color.blue] for color in colors], np.int16).reshape(count, 2)
    perhaps = [None if i % 4 == 1 else color for i, color in enumerate(colors)]
    given = [names[i % 3] if i % 2 else color for i, color in enumerate(colors)]  # by name in the file, or as member
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"color": given, "pair": pairs, "perhaps": perhaps})
    with reader(tmp_path / "a.h5") as f:
        assert list(f.color) == colors
        assert all(type(one) is Color for one in f.color)
        assert np.array_equal(f.pair[:], pairs)
        assert list(f.perhaps) == perhaps
        f.verify()


@given(
    entries=st.lists(
        st.none() | hnp.arrays(np.float32, st.tuples(st.integers(0, 5), st.just(2)), elements=st.floats(width=32)),
        max_size=10,
    ),
    blocks=st.booleans(),
)
def test_any_ragged(tmp_path: Path, entries: list[Any], blocks: bool) -> None:
    reader, writer = declare(
        row=Axis(dict),
        time=RaggedAxis(per="row"),
        wave=optional(Ragged(np.float32, "row time 2")),
        marks=Ragged(np.uint8, "row time"),
    )
    marks = [np.arange(0 if one is None else len(one), dtype=np.uint8) for one in entries]
    with writer.create(tmp_path / "a.h5", overwrite=True) as w:
        if blocks:
            w.row.extend({"wave": entries, "marks": marks})
        else:
            for wave, mark in zip(entries, marks, strict=True):
                w.row.append({"wave": wave, "marks": mark})
    with reader(tmp_path / "a.h5") as f:
        for i, one in enumerate(entries):
            back = f.wave[i]
            assert (back is None) == (one is None)
            assert one is None or same_bytes(back, one)
            assert same_bytes(f.marks[i], marks[i])
        whole = f.marks[:]
        assert isinstance(whole, RaggedBlock)
        assert np.array_equal(whole.offsets, np.cumsum([0, *map(len, marks)]))
        f.verify()


def test_ragged_block_is_given_back(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), time=RaggedAxis(per="row"), wave=Ragged(np.int16, "row time"))
    block = RaggedBlock(np.arange(10, dtype=np.int16), np.array([0, 4, 4, 10]))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"wave": block})
        w.row.extend({"wave": block})
    with reader(tmp_path / "a.h5") as f:
        assert [one.tolist() for one in f.wave] == [[0, 1, 2, 3], [], [4, 5, 6, 7, 8, 9]] * 2
        back = f.wave[[5, 0, 5]]
        assert [one.tolist() for one in back] == [[4, 5, 6, 7, 8, 9], [0, 1, 2, 3], [4, 5, 6, 7, 8, 9]]


def test_everything_comes_back(tmp_path: Path) -> None:
    with Everything(write(tmp_path / "a.h5", 30)) as f:
        assert list(f.sample) == [name_of(i) for i in range(30)]
        for i in range(30):
            assert equal(f.sample[name_of(i)], entry(i)), i
            assert equal(f.sample.at(i - 30), entry(i)), i
            assert f.sample.row(name_of(i)) == i
        assert [one["loss"] for one in f.step] == list(range(60))
        assert f.step[5:8] == [{"loss": 5.0}, {"loss": 6.0}, {"loss": 7.0}]
        assert f.events.event[29] == {"when": 29, "inner": {"word": "w29"}}
        assert f.events.inner.word[3] == "w3"
        assert f.title[()] == "Everything, grün\n"
        assert f.scale[()] == 0.25
        assert f.matrix[()].tolist() == [[0, 1, 2], [3, 4, 5]]
        assert f.mode[()] is Mode.slow
        assert f.author[()] is None
        assert f.gain[()] == 1.5
        assert f.vector[()].tolist() == [1, 2, 3]
        assert f.label[name_of(2)] is Label.class_
        f.verify()


def test_whole_features_are_given_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    reader, writer = declare(
        title=Text(""),
        note=Text("", at="@note"),
        size=Text("", size=4),
        perhaps=optional(Text("")),
        n=Scalar(np.int64, ""),
    )
    with writer.create(path) as w:
        w.title, w.note, w.size, w.n = "first", "first", "a", 1
        w.title, w.note, w.size, w.n = "", "zwölf 🙂", "abcd", 2**63 - 1
        w.perhaps = "there"
    with reader(path) as f:
        assert (f.title[()], f.note[()], f.size[()], f.n[()]) == ("", "zwölf 🙂", "abcd", 2**63 - 1)
        assert f.perhaps[()] == "there"
        f.verify()


@pytest.mark.parametrize("text", ["", "a", "nul\0inside", "x" * 100_000, "🙂"])
def test_whole_texts(tmp_path: Path, text: str) -> None:
    reader, writer = declare(title=Text(""), note=Text("", at="@note"))
    with writer.create(tmp_path / "a.h5") as w:
        w.title = text
        w.note = "short"
    with reader(tmp_path / "a.h5") as f:
        assert f.title[()] == text


def test_a_reused_buffer_is_copied(tmp_path: Path) -> None:
    reader, writer = declare(
        row=IdAxis(dict), time=RaggedAxis(per="row"), image=Array(np.uint8, "row 3"), wave=Ragged(np.int16, "row time")
    )
    image, wave = np.zeros(3, np.uint8), np.zeros(2, np.int16)
    with writer.create(tmp_path / "a.h5") as w:
        for i in range(10):
            image[:] = i
            wave[:] = i
            w.row[str(i)] = {"image": image, "wave": wave}
    with reader(tmp_path / "a.h5") as f:
        assert [one.tolist() for one in f.image] == [[i] * 3 for i in range(10)]
        assert [one.tolist() for one in f.wave] == [[i] * 2 for i in range(10)]


def test_one_bad_entry_does_not_take_others_with_it(tmp_path: Path) -> None:
    reader, writer = declare(row=IdAxis(dict), x=Scalar(np.uint8, "row"))
    refused = []
    with writer.create(tmp_path / "a.h5") as w:
        for i in range(20):
            try:
                w.row[str(i % 15)] = {"x": 300 if i == 7 else i}
            except DataError:
                refused.append(i)
    assert refused == [7]
    with reader(tmp_path / "a.h5") as f:
        assert list(f.x) == [15, 16, 17, 18, 19, 5, 6, *range(8, 15)], "the last five replaced the first"


def test_what_was_put_is_read_while_writing(tmp_path: Path) -> None:
    with EverythingWriter.create(tmp_path / "a.h5") as w:
        for i in range(5):
            w.sample[name_of(i)] = entry(i)
            assert len(w.sample) == i + 1
            assert equal(w.sample.at(i), entry(i))
            assert equal(w.sample[name_of(0)], entry(0))
            assert name_of(i) in w.sample
            assert name_of(i + 1) not in w.sample
        assert list(w.sample) == [name_of(i) for i in range(5)]
        w.close()


def test_blocks_may_be_of_any_size(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), x=Array(np.int32, "row 70"), big=Array(np.float64, "row 40000"))
    rng = np.random.default_rng(0)
    x, big = rng.integers(0, 9, (100, 70)).astype(np.int32), rng.standard_normal((100, 40000))
    with writer.create(tmp_path / "a.h5") as w:
        start = 0
        for size in (0, 1, 33, 2, 0, 64):
            w.row.extend({"x": x[start : start + size], "big": big[start : start + size]})
            start += size
    with reader(tmp_path / "a.h5") as f:
        assert np.array_equal(f.x[:], x)
        assert np.array_equal(f.big[:], big)
        f.verify()


@pytest.mark.parametrize("order", [">", "<"])
def test_byte_order_and_memory_order_do_not_matter(tmp_path: Path, order: str) -> None:
    reader, writer = declare(row=Axis(dict), x=Array(np.int32, "row 3 4"))
    x = np.asfortranarray(np.arange(60).reshape(5, 3, 4).astype(f"{order}i4"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": x[::-1]})
    with reader(tmp_path / "a.h5") as f:
        assert np.array_equal(f.x[:], x[::-1])
        assert f.x[:].dtype == np.int32
        f.verify()
