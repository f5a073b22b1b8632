"""Arrays whose whole shape varies, lists of arrays and texts: what is written comes back, however it is read."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare
from hypothesis import given, settings
from hypothesis import strategies as st

from h5schema.errors import DataError, FileError
from h5schema.runtime import (
    Axis,
    FixedAxis,
    IdAxis,
    Maybe,
    Nested,
    Ragged,
    RaggedAxis,
    RaggedBlock,
    ShapedBlock,
    optional,
)
from h5schema.runtime.features import Feature
from h5schema.runtime.repacking import repack
from h5schema.runtime.spans import Part
from h5schema.vocabulary.dtypes import NUMBERS

DTYPES = [name for name in NUMBERS if name in np.sctypeDict]


class Kind(IntEnum):
    """What is drawn."""

    person = 0
    car = 1
    bicycle = 2


Images, ImagesWriter = declare(
    image=IdAxis(dict),
    height=RaggedAxis(per="image"),
    width=RaggedAxis(per="image"),
    rgb=FixedAxis(3),
    pixels=Ragged(np.uint8, "image height width rgb"),
    planes=optional(Ragged(np.float32, "image rgb height width")),
    classes=optional(Ragged(np.uint8, "image height 2 width", enum=Kind)),
    rows=optional(Ragged(np.int16, "image height")),
)
Shapes, ShapesWriter = declare(
    image=IdAxis(dict),
    polygon=RaggedAxis(per="image"),
    vertex=RaggedAxis(per="polygon"),
    height=RaggedAxis(per="polygon"),
    width=RaggedAxis(per="polygon"),
    outline=optional(Nested(np.float32, "image polygon vertex 2")),
    weight=optional(Nested(np.float64, "image polygon vertex")),
    kind=optional(Ragged(np.uint8, "image polygon", enum=Kind)),
    mask=optional(Nested(np.bool_, "image polygon height width")),
    name=optional(Nested("str", "image polygon")),
    note=optional(Nested("json", "image polygon")),
)


def image_of(seed: int, height: int, width: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {
        "pixels": rng.integers(0, 256, (height, width, 3)).astype(np.uint8),
        "planes": rng.normal(size=(3, height, width)).astype(np.float32) if seed % 2 else None,
        "classes": rng.integers(0, 3, (height, 2, width)).astype(np.uint8) if seed % 3 else None,
        "rows": rng.integers(-9, 9, height).astype(np.int16) if seed % 4 else None,
    }


def shapes_of(seed: int, lengths: list[int] | None) -> dict[str, Any]:
    """An image with so many vertices in each polygon; None: it is not labelled."""
    rng = np.random.default_rng(seed)
    if lengths is None:
        return {}
    sizes = [(n % 3, n % 4) for n in lengths]
    return {
        "outline": [rng.normal(size=(n, 2)).astype(np.float32) for n in lengths],
        "weight": [rng.normal(size=n) for n in lengths] if seed % 2 else None,
        "kind": rng.integers(0, 3, len(lengths)).astype(np.uint8),
        "mask": [rng.integers(0, 2, size).astype(bool) for size in sizes] if seed % 3 else None,
        "name": ["é" * n for n in lengths],
        "note": [{"n": n} for n in lengths],
    }


def same(found: Any, wanted: Any) -> bool:
    if wanted is None or found is None:
        return found is wanted
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, np.ndarray):
        return found.dtype == wanted.dtype and found.shape == wanted.shape and bool((found == wanted).all())
    return bool(found == wanted)


def entry_of(block: Any, index: int) -> Any:
    if isinstance(block, Maybe):
        return block.values[index] if block.present[index] else None
    return block[index]


def expect(file: Any, dim: str, entries: dict[str, dict[str, Any]]) -> None:
    """The file has these entries, by id, by index, and in slices."""
    axis, features = getattr(file, dim), [name for name, one in vars(type(file)).items() if isinstance(one, Feature)]
    assert list(axis) == list(entries)
    assert len(features) > 3
    for row, (key, wanted) in enumerate(entries.items()):
        whole = axis[key]
        for name in features:
            view = getattr(file, name)
            assert same(whole[name], wanted.get(name)), (name, key)
            assert same(view[key], wanted.get(name))
            assert same(view[row - len(entries)], wanted.get(name))
    for name in features:
        view, order = getattr(file, name), [*range(len(entries))][::-1]
        values = [entry.get(name) for entry in entries.values()]
        assert same([entry_of(view[:], i) for i in order], [values[i] for i in order])
        assert same([entry_of(view[order], i) for i in range(len(order))], [values[i] for i in order])
        assert same(list(view), values)
        assert same([entry_of(view[1:3], i) for i in range(len(values[1:3]))], values[1:3])


sizes = st.integers(0, 6)
drawn_images = st.lists(st.tuples(sizes, sizes), max_size=7)
drawn_shapes = st.lists(st.none() | st.lists(st.integers(0, 5), max_size=4), max_size=7)


@settings(deadline=None)
@given(drawn_images, st.booleans())
def test_M17_images_of_any_size(shapes: list[tuple[int, int]], together: bool) -> None:
    entries = {f"i{n}": image_of(n, *shape) for n, shape in enumerate(shapes)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.h5"
        with ImagesWriter.create(path) as w:
            if together:
                w.image.extend(list(entries), {name: [e[name] for e in entries.values()] for name in image_of(0, 0, 0)})
            else:
                for key, entry in entries.items():
                    w.image[key] = entry
        with Images(path) as f:
            expect(f, "image", entries)
            f.verify()


@settings(deadline=None)
@given(drawn_shapes, st.booleans())
def test_M17_lists_of_arrays_and_texts(lengths: list[list[int] | None], together: bool) -> None:
    entries = {f"i{n}": shapes_of(n, one) for n, one in enumerate(lengths)}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.h5"
        with ShapesWriter.create(path) as w:
            if together:
                names = ["outline", "weight", "kind", "mask", "name", "note"]
                w.image.extend(list(entries), {name: [e.get(name) for e in entries.values()] for name in names})
            else:
                for key, entry in entries.items():
                    w.image[key] = entry
        with Shapes(path) as f:
            expect(f, "image", entries)
            f.verify()


IMAGES = {f"i{n}": image_of(n, n % 4, 2 + n % 3) for n in range(9)}
SHAPES = {f"i{n}": shapes_of(n, None if n == 4 else [3, 0, 5][: n % 4]) for n in range(9)}
BOTH = pytest.mark.parametrize(
    ("classes", "entries"),
    [((Images, ImagesWriter), IMAGES), ((Shapes, ShapesWriter), SHAPES)],
    ids=["images", "lists"],
)


def write(path: Path, writer: Any, entries: dict[str, dict[str, Any]]) -> Path:
    with writer.create(path) as w:
        for key, entry in entries.items():
            w.image[key] = entry
    return path


@BOTH
def test_M17_a_part_of_an_entry(classes: Any, entries: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    reader, writer = classes
    with reader(write(tmp_path / "a.h5", writer, entries)) as f:
        features = [name for name, one in vars(reader).items() if isinstance(one, Feature)]
        rows = np.array([8, 2, 3, 3, 5])
        for first, size in [(0, 2), (1, 1), (-1, 3), (2, 9), (9, 1)]:
            part = Part(np.full(len(rows), first), size)
            for name in features:
                block = f.bound.reader.read(name, rows, part)
                for i, row in enumerate(rows):
                    whole = entries[f"i{row}"].get(name)
                    axis = getattr(reader, name).dims.split()[1:].index("height") if reader is Images else 0
                    cut = slice(max(0, first), max(0, first + size))
                    wanted = None if whole is None else whole[cut] if axis == 0 else whole[:, cut]
                    assert same(entry_of(block, i), wanted), (name, first, size)


@BOTH
def test_U6_entries_are_added_later(classes: Any, entries: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    reader, writer = classes
    some = dict(list(entries.items())[:4])
    path = write(tmp_path / "a.h5", writer, some)
    for key, entry in list(entries.items())[4:]:
        with writer.edit(path) as w:
            w.image[key] = entry
    with reader(path) as f:
        expect(f, "image", entries)
        f.verify()


@BOTH
def test_shards_and_repack(classes: Any, entries: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    reader, writer = classes
    items = list(entries.items())
    paths = [write(tmp_path / f"{n}.h5", writer, dict(items[n * 3 : n * 3 + 3])) for n in range(3)]
    with reader([str(path) for path in paths]) as f:
        expect(f, "image", entries)
    repack(reader, paths[0], tmp_path / "new.h5", text="")
    with reader(tmp_path / "new.h5") as f:
        expect(f, "image", dict(items[:3]))
        f.verify()


@BOTH
def test_M17_a_slice_of_an_entry_is_as_numpy_has_it(
    classes: Any, entries: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    reader, writer = classes
    with reader(write(tmp_path / "a.h5", writer, entries)) as f:
        for name in (name for name, one in vars(reader).items() if isinstance(one, Feature)):
            for key, entry in entries.items():
                for part in (slice(1, 3), slice(None, None, -1), slice(-2, None), slice(5, 9)):
                    wanted = entry.get(name)
                    assert same(getattr(f, name)[key, part], None if wanted is None else wanted[part]), (
                        name,
                        key,
                        part,
                    )


# What is refused.


@pytest.mark.parametrize(
    ("classes", "entry", "what", "where"),
    [
        (
            Shapes,
            {"outline": [np.zeros((2, 2), np.float32)] * 2, "kind": np.zeros(3, np.uint8)},
            "outline has length 2, kind has 3, and both run over polygon",
            "image, row 1 ('b')",
        ),
        (
            Shapes,
            {"outline": [np.zeros((n, 2), np.float32) for n in (1, 4)], "weight": [np.zeros(1), np.zeros(5)]},
            "outline has length 4 at polygon 1, weight has 5, and both run over vertex",
            "image, row 1 ('b')",
        ),
        (
            Shapes,
            {"outline": [np.zeros((1, 2), np.float32), np.zeros((1, 3), np.float32)]},
            "the shape is [1, 3], not [any length, 2]",
            "/outline, row 1 ('b'), polygon 1",
        ),
        (Shapes, {"outline": np.float32(1)}, "float32 is not a list", "/outline, row 1 ('b')"),
        (Shapes, {"outline": [None]}, "NoneType is not a number or an array of float32", "row 1 ('b'), polygon 0"),
        (Shapes, {"name": ["a", "b", 3]}, "3 is int, not str", "/name, row 1 ('b'), polygon 2"),
        (Shapes, {"name": "ab"}, "str is not a list", "/name, row 1 ('b')"),
        (
            Images,
            {"pixels": np.zeros((2, 3, 3), np.uint8), "planes": np.zeros((3, 2, 4), np.float32)},
            "pixels has length 3, planes has 4, and both run over width",
            "image, row 1 ('b')",
        ),
        (
            Images,
            {"pixels": np.zeros((2, 3), np.uint8)},
            "the shape is [2, 3], not [any length, any length, 3]",
            "/pixels, row 1 ('b')",
        ),
        (
            Images,
            {"pixels": np.zeros((1, 1, 3), np.uint8), "classes": np.full((1, 2, 1), 7, np.uint8)},
            "7 is no value of Kind",
            "/classes, row 1 ('b')",
        ),
    ],
)
def test_what_does_not_fit_is_named(classes: Any, entry: Any, what: str, where: str, tmp_path: Path) -> None:
    writer = ShapesWriter if classes is Shapes else ImagesWriter
    first = {} if classes is Shapes else image_of(0, 1, 1)
    with writer.create(tmp_path / "a.h5") as w:
        w.image["a"] = first
        with pytest.raises(DataError) as caught:
            w.image["b"] = entry
        assert caught.value.what.startswith(what)
        assert caught.value.where.endswith(where)
        w.image["c"] = first
    with classes(tmp_path / "a.h5") as f:
        assert list(f.image) == ["a", "c"]


def error_of(call: Callable[[Any], object], of: Any) -> DataError | None:
    try:
        call(of)
    except DataError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("classes", "dataset", "row", "value"),
    [
        (Images, "dims/width/lengths", 5, -1),
        (Images, "dims/width/lengths", 5, 2**40),
        (Images, "dims/width/lengths", 6, 2**62),
        (Images, "dims/height/lengths", 6, 2**46),
        (Images, "features/pixels/starts", 5, 10**9),
        (Shapes, "dims/polygon/lengths", 3, -5),
        (Shapes, "dims/polygon/lengths", 3, 2**50),
        (Shapes, "dims/vertex/lengths", 3, -2),
        (Shapes, "dims/vertex/lengths", 3, 2**62),
        (Shapes, "dims/vertex/firsts", 3, -1),
        (Shapes, "dims/vertex/firsts", 3, 2**40),
        (Shapes, "features/name/firsts", 3, 2**40),
        (Shapes, "features/name/lengths", 3, -7),
    ],
)
def test_a_damaged_index_is_an_error_of_ours(classes: Any, dataset: str, row: int, value: int, tmp_path: Path) -> None:
    writer, entries = (ImagesWriter, IMAGES) if classes is Images else (ShapesWriter, SHAPES)
    path = write(tmp_path / "a.h5", writer, entries)
    with h5py.File(path, "r+") as file:
        file[f".h5schema/{dataset}"][row] = value
    with classes(path) as f:
        features = [name for name, one in vars(classes).items() if isinstance(one, Feature)]
        failed = 0
        for name in features:
            error = error_of(list, getattr(f, name))
            assert error is None or str(path) in error.where
            failed += error is not None
        assert failed
        with pytest.raises(FileError, match="not what was written"):
            f.verify()


def test_a_block_is_given_back_and_is_checked(tmp_path: Path) -> None:
    with (
        Shapes(write(tmp_path / "a.h5", ShapesWriter, SHAPES)) as f,
        Images(write(tmp_path / "b.h5", ImagesWriter, IMAGES)) as g,
    ):
        lists = {name: getattr(f, name)[:] for name in ("outline", "weight", "kind", "mask", "name", "note")}
        arrays = {name: getattr(g, name)[:] for name in ("pixels", "planes", "classes", "rows")}
    with ShapesWriter.create(tmp_path / "c.h5") as w:
        w.image.extend(list(SHAPES), lists)
    with ImagesWriter.create(tmp_path / "d.h5") as w:
        w.image.extend(list(IMAGES), arrays)
        pixels = arrays["pixels"]
        for wrong in (
            ShapedBlock(pixels.values, pixels.offsets, pixels.shapes + 1),
            ShapedBlock(pixels.values, pixels.offsets, pixels.shapes[1:]),
            RaggedBlock(pixels.values, pixels.offsets),
        ):
            with pytest.raises(DataError, match="the shapes are not those of the entries"):
                w.image.extend([f"x{i}" for i in range(9)], {"pixels": wrong})
    with Shapes(tmp_path / "c.h5") as f, Images(tmp_path / "d.h5") as g:
        expect(f, "image", SHAPES)
        expect(g, "image", IMAGES)


def test_M17_every_dtype_of_images_of_any_size(tmp_path: Path) -> None:
    declared = {name: Ragged(np.dtype(name).type, "image height 2 width") for name in DTYPES}
    lists = {f"{name}_lists": Nested(np.dtype(name).type, "image height item") for name in DTYPES}
    axes = {"image": Axis(dict), "height": RaggedAxis(per="image"), "width": RaggedAxis(per="image")}
    reader, writer = declare(**axes, item=RaggedAxis(per="height"), **declared, **lists)
    rng = np.random.default_rng(0)
    entries = [
        {name: rng.integers(0, 2, (h, 2, w)).astype(name) for name in DTYPES}
        | {f"{name}_lists": [rng.integers(0, 2, n).astype(name) for n in range(h)] for name in DTYPES}
        for h, w in [(0, 3), (3, 0), (2, 5), (1, 1)]
    ]
    with writer.create(tmp_path / "a.h5") as w:
        for entry in entries:
            w.image.append(entry)
    with reader(tmp_path / "a.h5") as f:
        assert all(
            same(found[name], wanted[name]) for found, wanted in zip(f.image, entries, strict=True) for name in wanted
        )


def test_lists_of_lists(tmp_path: Path) -> None:
    """Documents of paragraphs of sentences of words, each with a vector; and images of any size in lists."""
    reader, writer = declare(
        doc=IdAxis(dict),
        paragraph=RaggedAxis(per="doc"),
        sentence=RaggedAxis(per="paragraph"),
        word=RaggedAxis(per="sentence"),
        text=Nested("str", "doc paragraph sentence word"),
        vector=optional(Nested(np.float32, "doc paragraph sentence word 3")),
        mood=Nested(np.int8, "doc paragraph sentence"),
        length=optional(Ragged(np.int32, "doc paragraph")),
    )
    rng = np.random.default_rng(1)

    def doc(*paragraphs: list[int]) -> dict[str, Any]:
        return {
            "text": [[[f"w{i}" for i in range(n)] for n in one] for one in paragraphs],
            "vector": [[rng.normal(size=(n, 3)).astype(np.float32) for n in one] for one in paragraphs],
            "mood": [np.arange(len(one), dtype=np.int8) for one in paragraphs],
            "length": np.array([sum(one) for one in paragraphs], np.int32),
        }

    docs = {"a": doc([3, 0, 2], [], [1]), "b": doc(), "c": doc([0]), "d": doc([2], [4, 1]) | {"vector": None}}
    with writer.create(tmp_path / "a.h5") as w:
        for key, entry in docs.items():
            w.doc[key] = entry
    with reader(tmp_path / "a.h5") as f:
        expect(f, "doc", docs)
        assert f.text["a", 1:] == [[], [["w0"]]]
        assert same(f.vector["a", 2:], docs["a"]["vector"][2:])
        f.verify()


@BOTH
def test_U6_entries_are_replaced_and_taken_away(
    classes: Any, entries: dict[str, dict[str, Any]], tmp_path: Path
) -> None:
    reader, writer = classes
    path = write(tmp_path / "a.h5", writer, entries)
    made = image_of if reader is Images else shapes_of
    new = {"i1": made(11, 5, 7), "i6": made(12, 0, 2)} if reader is Images else {"i1": made(11, [9, 0, 1]), "i6": {}}
    with writer.edit(path) as w:
        for key, entry in new.items():
            w.image[key] = entry
        del w.image["i2"]
        w.image.rename("i3", "x")
    wanted = {("x" if key == "i3" else key): new.get(key, entry) for key, entry in entries.items() if key != "i2"}
    with reader(path) as f:
        assert set(f.image) == set(wanted)
        expect(f, "image", {key: wanted[key] for key in f.image})
        f.verify()
