"""Batches of arrays of any shape, and of lists: as list, padded with lengths, with a mask, and packed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from blank import declare
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from h5schema.runtime import Batch, IdAxis, Nested, Plan, Ragged, RaggedAxis, Take, optional
from h5schema.runtime.blocks import Block, NestedBlock, RaggedBlock, ShapedBlock
from h5schema.runtime.plan import Form
from h5schema.runtime.spans import offsets_of
from h5schema.runtime.torch import Loader, Masked, PackedArrays, Padded, PaddedLists
from h5schema.runtime.torch.arrays import ARRAY_FORMS

Images, ImagesWriter = declare(
    image=IdAxis(dict),
    height=RaggedAxis(per="image"),
    width=RaggedAxis(per="image"),
    polygon=RaggedAxis(per="image"),
    vertex=RaggedAxis(per="polygon"),
    pixels=Ragged(np.uint8, "image height width 3"),
    planes=Ragged(np.float32, "image 2 height width"),
    outline=optional(Nested(np.float32, "image polygon vertex 2")),
    names=Nested("str", "image polygon"),
)
SIZES = [(2, 3, [4, 0]), (0, 5, []), (1, 1, [1, 2, 3]), (4, 2, [2])]


def image_of(height: int, width: int, lengths: list[int]) -> dict[str, Any]:
    rng = np.random.default_rng(height)
    return {
        "pixels": rng.integers(1, 256, (height, width, 3)).astype(np.uint8),
        "planes": rng.normal(size=(2, height, width)).astype(np.float32),
        "outline": [rng.normal(size=(n, 2)).astype(np.float32) for n in lengths],
        "names": [f"{n} vertices" for n in lengths],
    }


IMAGES = [image_of(*size) for size in SIZES]


def batch_of(path: Path, **takes: Take) -> Any:
    class Some(Loader[Any]):
        file = Images
        plan = Plan(over="image", sample=takes, batch=Batch(len(SIZES)))

    (batch,) = Some.loader(path)
    return batch


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("images") / "a.h5"
    with ImagesWriter.create(path) as w:
        for number, image in enumerate(IMAGES):
            w.image[str(number)] = image
    return path


def test_M17_images_of_any_size_in_batches(path: Path) -> None:
    forms: tuple[Form, ...] = ("list", "pad", "mask", "packed")
    takes = {f"{name}_{form}": Take(name, form=form) for name in ("pixels", "planes") for form in forms}
    batch = batch_of(path, **takes)
    for name, axes in (("pixels", 2), ("planes", 3)):
        wanted = [image[name] for image in IMAGES]
        assert all(torch.equal(a, torch.from_numpy(b)) for a, b in zip(batch[f"{name}_list"], wanted, strict=True))
        padded, masked, packed = (batch[f"{name}_{form}"] for form in forms[1:])
        assert isinstance(padded, Padded)
        assert isinstance(masked, Masked)
        assert isinstance(packed, PackedArrays)
        assert padded.values.shape[1:] == ((4, 5, 3) if axes == 2 else (2, 4, 5))
        assert padded.lengths.tolist() == packed.shapes.tolist() == [list(one.shape[:axes]) for one in wanted]
        for i, one in enumerate(wanted):
            inside = tuple(map(slice, one.shape[:axes]))
            assert np.array_equal(padded.values[i].numpy()[inside], one)
            assert padded.values[i].count_nonzero() == np.count_nonzero(one)
            assert masked.mask[i].sum() == np.prod(one.shape[:axes])
            assert masked.mask[i][inside].all()
            (offsets,) = packed.offsets
            rows = packed.values[offsets[i] : offsets[i + 1]]
            assert np.array_equal(rows.reshape(*packed.shapes[i], *rows.shape[1:]).numpy(), one)


def test_M17_lists_of_arrays_in_batches(path: Path) -> None:
    forms: tuple[Form, ...] = ("list", "pad", "mask", "packed")
    batch = batch_of(path, names=Take("names"), **{form: Take("outline", form=form) for form in forms})
    assert batch["names"] == [image["names"] for image in IMAGES]
    wanted = [image["outline"] for image in IMAGES]
    assert [[one.tolist() for one in image] for image in batch["list"]] == [[w.tolist() for w in one] for one in wanted]
    padded, masked, packed = (batch[form] for form in forms[1:])
    assert isinstance(padded, PaddedLists)
    assert isinstance(masked, Masked)
    assert isinstance(packed, PackedArrays)
    assert padded.values.shape == (4, 3, 4, 2)
    assert masked.mask.shape == (4, 3, 4)
    assert padded.lengths[0].tolist() == [2, 0, 3, 1]
    assert padded.lengths[1].tolist() == [[4, 0, 0], [0, 0, 0], [1, 2, 3], [2, 0, 0]]
    for i, image in enumerate(wanted):
        for j, one in enumerate(image):
            assert np.array_equal(padded.values[i, j, : len(one)].numpy(), one)
            assert masked.mask[i, j].tolist() == [k < len(one) for k in range(4)]
            number = int(packed.offsets[0][i]) + j
            first, last = packed.offsets[1][number : number + 2].tolist()
            assert np.array_equal(packed.values[first:last].numpy(), one)
            assert packed.shapes[number].tolist() == [len(one)]


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    """A block of arrays of any shape, within up to two levels of lists."""
    axes, depth = draw(st.integers(1, 3)), draw(st.integers(0, 2))
    counts = [draw(st.lists(st.integers(0, 3), max_size=4))]
    for _ in range(depth):
        counts.append(draw(st.lists(st.integers(0, 3), min_size=sum(counts[-1]), max_size=sum(counts[-1]))))
    arrays = len(counts[0]) if not depth else sum(counts[depth - 1])
    shapes = draw(hnp.arrays(np.int64, (arrays, axes), elements=st.integers(0, 3)))
    rows = shapes.prod(axis=1)
    values = np.arange(1, 2 * rows.sum() + 1, dtype=np.int64).reshape(-1, 2)
    block: Block = ShapedBlock(values, offsets_of(rows), shapes)
    if axes == 1:
        block = RaggedBlock(values, offsets_of(shapes[:, 0]))
    for lengths in reversed(counts[:depth]):
        block = NestedBlock(block, offsets_of(np.array(lengths, np.int64)))
    return block


def flat(found: Any) -> list[int]:
    return [one for item in found for one in flat(item)] if isinstance(found, list) else found.reshape(-1).tolist()


@settings(deadline=None)
@given(blocks())
def test_every_form_holds_every_value(block: Block) -> None:
    wanted = block.arrays[-1].reshape(-1).tolist()
    masked: Any = ARRAY_FORMS["mask"](block)
    padded: Any = ARRAY_FORMS["pad"](block)
    packed: Any = ARRAY_FORMS["packed"](block)
    assert flat(ARRAY_FORMS["list"](block)) == wanted
    assert masked.values[masked.mask].reshape(-1).tolist() == wanted
    assert torch.equal(padded.values, masked.values)
    assert packed.values.reshape(-1).tolist() == wanted
    assert int(packed.offsets[-1][-1]) * 2 == len(wanted)
