"""What goes wrong in a worker or thread is said as it is where nobody helps: once, in our words, with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare

torch = pytest.importorskip("torch", reason="loaders need torch")

from h5schema.errors import DataError, UsageError  # noqa: E402
from h5schema.runtime import Array, Axis, Batch, Files, Plan, Position, Scalar, Take  # noqa: E402
from h5schema.runtime.torch import Loader  # noqa: E402

Rows, RowsWriter = declare(row=Axis(dict), x=Array(np.float32, "row 3"), ok=Scalar(np.bool_, "row"))


class Each(Loader[Any]):
    """Whether a sample is well, and which it is."""

    file = Rows
    plan = Plan("row", {"row": Position("row"), "x": Take("x", dtype="float16"), "ok": Take("ok")}, batch=Batch(4))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("errors") / "rows.h5"
    with RowsWriter.create(path) as w:
        w.row.extend({"x": np.ones((300, 3), np.float32), "ok": np.ones(300, np.bool_)})
    with h5py.File(path, "r+") as file:
        file["x"][257] = 1e30
    return path


def test_M12_a_wrong_row_in_a_worker_is_the_error_that_it_is_without(path: Path) -> None:
    said = []
    hows: tuple[dict[str, Any], ...] = (
        {},
        {"threads": 2},
        {"workers": 1, "multiprocessing_context": "fork"},
    )
    for how in hows:
        loader = Each.loader(path, **how)
        given = []
        with pytest.raises(DataError) as caught:
            given.extend(batch["row"].tolist() for batch in loader)
        said.append((str(caught.value), len(given) <= 257 // 4))
        assert len(list(Each.loader(path, limit=200, **how))) == 50, "and what is well is read after it"
    assert said[0][0].startswith(f"{path}: /x, row 257: ")
    assert said == [(said[0][0], True)] * 3


def test_workers_end_with_the_error(path: Path) -> None:
    loader = Each.loader(path, workers=2, multiprocessing_context="fork")
    with pytest.raises(DataError) as caught:
        list(loader)
    assert caught.traceback
    assert not torch.multiprocessing.active_children(), "also while the traceback is held"


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda path: Each.loader(path, multiprocessing_context="threads"),
            "Each: multiprocessing_context is 'threads'\n  help: give 'fork', 'spawn', 'forkserver'",
        ),
        (
            lambda path: next(
                iter(
                    torch.utils.data.DataLoader(
                        Each(path), batch_size=2, sampler=Each.loader(path).order, collate_fn=Each.collated
                    )
                )
            ),
            "is no index\n  help: give an `order` as `batch_sampler`, not as `sampler`",
        ),
        (lambda path: Each.loader(path, workers=1, threads=1), "give one of them: workers read ahead, too"),
        (lambda path: Each(path)[0:3], "Each: slice(0, 3, None) is no index\n  help: give whole numbers"),
    ],
)
def test_arguments_that_contradict(path: Path, make: Any, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        make(path)
    assert str(caught.value).endswith(text)


def test_lengths_of_loaders_of_every_size(path: Path) -> None:
    """As many batches come as `len` says: of none, of one, of a batch that is not full, of every rank."""
    for limit in (0, 1, 4, 7, 64):
        for drop_last in (False, True):
            for share in ({}, {"world": 3}, {"world": 3, "threads": 1}):
                hows = [{**share, "rank": rank} for rank in range(3)] if share else [{}]
                found = [Each.loader(path, limit=limit, drop_last=drop_last, **how) for how in hows]
                lengths = [[len(batch["row"]) for batch in one] for one in found]
                assert [len(one) for one in found] == [len(one) for one in lengths]
                assert len({len(one) for one in lengths}) == 1, "every rank has as many"
                assert not drop_last or all(size == 4 for one in lengths for size in one)


def test_a_damaged_picture_is_named_by_its_file_and_row(tmp_path: Path) -> None:
    pytest.importorskip("PIL.Image", reason="pictures need Pillow")
    reader, writer = declare(pic=Axis(dict), pixels=Files(np.uint8, "pic 8 8 3", form="jpeg", quality=90))

    class Pictures(Loader[Any]):
        file = reader
        plan = Plan("pic", {"pixels": Take("pixels")}, batch=Batch(2))

    paths = [tmp_path / f"{name}.h5" for name in "ab"]
    for path in paths:
        with writer.create(path) as w:
            w.pic.extend({"pixels": [np.full((8, 8, 3), 90 * i, np.uint8) for i in range(3)]})
    with h5py.File(paths[1], "r+") as file:
        start, end = file["/.h5schema/features/pixels/starts"][1:3]
        file["pixels"][start:end] = 0
    for given in (paths[1], paths):
        with pytest.raises(DataError) as caught:
            list(Pictures.loader(given))
        assert str(caught.value) == (
            f"{paths[1]}: /pixels, row 1: this is no image that Pillow reads\n"
            "  help: the file is damaged, or was changed by another program; copy it again from its origin, "
            "or extract it again; `verify()` looks for more"
        )
