"""Categories: texts as codes and a dictionary in the file, which grows while it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from assorted import differences
from blank import declare
from hypothesis import given
from hypothesis import strategies as st
from making import extracted, run

from h5schema.errors import DataError, FileError
from h5schema.runtime import Categories, Category, Check, IdAxis, Scalar, optional
from h5schema.runtime.repacking import repack

WORDS = st.text(max_size=8).filter(lambda text: not text.endswith("\0"))


def cells() -> tuple[Any, Any]:
    return declare(cell=IdAxis(dict), kind=Category("cell"), donor=optional(Category("cell")))


@given(st.lists(st.tuples(WORDS, st.none() | WORDS)), st.integers(0, 5))
def test_what_is_given_comes_back(
    tmp_path_factory: pytest.TempPathFactory, entries: list[tuple[str, str | None]], split: int
) -> None:
    reader, writer = cells()
    path = tmp_path_factory.mktemp("words") / "a.h5"
    one_by_one, together = entries[:split], entries[split:]
    with writer.create(path) as file:
        for i, (kind, donor) in enumerate(one_by_one):
            file.cell[f"c{i}"] = {"kind": kind, "donor": donor}
        ids = [f"c{i + split}" for i in range(len(together))]
        file.cell.extend(ids, {"kind": [k for k, _ in together], "donor": [d for _, d in together]})
        assert list(file.kind) == [kind for kind, _ in entries]
    kinds, donors = [kind for kind, _ in entries], [donor for _, donor in entries]
    with reader(path) as file:
        assert list(file.kind) == kinds
        assert list(file.donor) == donors
        assert list(file.kind.categories) == list(dict.fromkeys(kinds)), "in the order in which they come first"
        assert list(file.donor.categories) == list(dict.fromkeys(one for one in donors if one is not None))
        for i in range(len(entries)):
            assert file.cell[f"c{i}"] == {"kind": kinds[i], "donor": donors[i]}
        rows = np.arange(len(entries))[::-1].copy()
        assert list(file.kind.read(rows)) == kinds[::-1]
        file.verify()


def written(path: Path, writer: Any, kinds: list[str]) -> Path:
    with writer.create(path, overwrite=True) as file:
        for i, kind in enumerate(kinds):
            file.cell[f"{path.stem}{i}"] = {"kind": kind, "donor": None if i % 2 else f"d{i}"}
    return path


def test_anndata_reads_them(tmp_path: Path) -> None:
    anndata_io: Any = pytest.importorskip("anndata.io")
    _, writer = cells()
    with h5py.File(written(tmp_path / "a.h5", writer, ["T", "B", "T", "ö"])) as file:
        kind, donor = anndata_io.read_elem(file["kind"]), anndata_io.read_elem(file["donor"])
    assert (list(kind), list(kind.categories)) == (["T", "B", "T", "ö"], ["T", "B", "ö"])
    assert [None if one != one else one for one in donor] == ["d0", None, "d2", None]


def test_the_encoding_is_that_of_anndata(tmp_path: Path) -> None:
    _, writer = cells()
    with h5py.File(written(tmp_path / "a.h5", writer, ["T", "B", "T", "ö"])) as file:
        group = file["donor"]
        assert (group.attrs["encoding-type"], group.attrs["encoding-version"]) == ("categorical", "0.2.0")
        assert not group.attrs["ordered"]
        assert group["codes"][:].tolist() == [0, -1, 1, -1]
        assert group["categories"].asstr()[:].tolist() == ["d0", "d2"]


def test_xarray_opens_the_group(tmp_path: Path) -> None:
    xarray: Any = pytest.importorskip("xarray")
    reader, writer = cells()
    path = written(tmp_path / "a.h5", writer, ["T", "B", "T"])
    with writer.edit(path) as file:
        file.cell["new"] = {"kind": "a longer word"}
    with xarray.open_dataset(path, group="kind", engine="h5netcdf") as opened:
        assert opened["codes"].dims == ("cell",)
    with reader(path) as file:
        assert list(file.kind) == ["T", "B", "T", "a longer word"]
        file.verify()


def test_edits_and_repacking_keep_the_codes(tmp_path: Path) -> None:
    reader, writer = cells()
    path = written(tmp_path / "a.h5", writer, ["T", "B", "T"])
    for round in range(3):
        with writer.edit(path) as file:
            file.cell[f"again{round}"] = {"kind": "B", "donor": "d0"}
            file.cell[f"new{round}"] = {"kind": f"new {round}"}
        with reader(path) as file:
            assert list(file.kind.categories) == ["T", "B", *(f"new {i}" for i in range(round + 1))]
            file.verify()
    repack(reader, path, tmp_path / "b.h5", text="")
    with reader(path) as one, reader(tmp_path / "b.h5") as other:
        assert list(one.kind) == list(other.kind)
        assert one.kind[:].codes.tolist() == other.kind[:].codes.tolist()


def test_a_block_may_be_given_with_codes(tmp_path: Path) -> None:
    reader, writer = cells()
    block = Categories.named(["x", None, "y", "x"])
    with writer.create(tmp_path / "a.h5") as file:
        file.cell.extend(list("abcd"), {"kind": ["q"] * 4, "donor": ["x", None, "y", "x"]})
        file.cell.extend(list("efg"), {"kind": block.taken(np.array([2, 0, 2])), "donor": [None] * 3})
    with reader(tmp_path / "a.h5") as file:
        assert list(file.kind) == ["q"] * 4 + ["y", "x", "y"]
        assert list(file.kind.categories) == ["q", "y", "x"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (3, "3 is int, not str"),
        (b"T", "b'T' is bytes, not str"),
        ("T\0", "the text ends with NUL, which HDF5 drops"),
        ("\ud800", "cannot be written as utf-8"),
        ("T" * 1025, "the text has 1025 bytes, and a category at most 1024"),
        (None, "the entry is None, but the feature is not optional"),
        ("bad!", "'bad!' breaks the check (match: [a-zA-Z]*)"),
    ],
)
def test_what_is_no_category_is_refused(tmp_path: Path, value: object, said: str) -> None:
    _, writer = declare(cell=IdAxis(dict), kind=Category("cell", check=Check(match="[a-zA-Z]*")))
    with writer.create(tmp_path / "a.h5") as file:
        file.cell["a"] = {"kind": "T"}
        with pytest.raises(DataError) as raised:
            file.cell["b"] = {"kind": value}
    assert said in str(raised.value)
    assert "/kind, row 1 ('b')" in str(raised.value)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    reader, writer = cells()
    path = written(tmp_path / "a.h5", writer, ["T", "B", "T"])
    with h5py.File(path, "r+") as file:
        file["kind/codes"][1] = 2
    with reader(path) as opened, pytest.raises(DataError, match="the code is 2, but there are 2 categories"):
        _ = opened.kind[1]
    with reader(path) as opened, pytest.raises(FileError, match="not what was written"):
        opened.verify()
    with h5py.File(written(path, writer, ["T", "B"]), "r+") as file:
        del file["kind/categories"]
    with reader(path) as opened, pytest.raises(FileError, match="categories"):
        _ = opened.kind[1]


def test_not_every_view_has_categories(tmp_path: Path) -> None:
    reader, writer = declare(cell=IdAxis(dict), n=Scalar(np.int64, "cell"))
    with writer.create(tmp_path / "a.h5") as file:
        file.cell["a"] = {"n": 1}
    with reader(tmp_path / "a.h5") as opened, pytest.raises(Exception, match="n is no category"):
        _ = opened.n.categories


SCHEMA = """\
h5schema: 1
name: worded
version: 1.0.0
dims: {clip: {source: '{speaker}_{n:int}.txt'}}
features:
  speaker: {dims: [clip], dtype: category, from: '{speaker}'}
  mood: {dims: [clip], dtype: category, optional: true, call: 'worded_io:mood'}
splits:
  who: {over: clip, by: speaker, parts: {train: [ann, bob], test: [eve]}}
  some: {over: clip, by: speaker, parts: {train: 0.5, test: 0.5}}
loaders:
  codes:
    over: clip
    inputs:
      code: speaker
      small: {feature: speaker, dtype: int32}
      mood: {feature: mood, fill: -1}
      text: {feature: speaker, dtype: str}
    batch: 16
  happy:
    {over: clip, split: who/train, where: {mood: [happy, sad]}, inputs: {text: {feature: mood, dtype: str}}, batch: 4}
"""
FUNCTIONS = """\
def mood(path):
    return open(path).read() or None
"""
MOODS = ["happy", "", "sad", "angry", "sad", ""]
SOURCES = {
    f"{speaker}_{n}.txt": MOODS[(n * 7 + len(speaker)) % 6].encode()
    for speaker in ("eve", "ann", "bob")
    for n in range(90)
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return extracted(tmp_path_factory.mktemp("worded"), SCHEMA, FUNCTIONS, SOURCES)


def moods(made: Any) -> list[str | None]:
    with made.groups.Worded(made.path) as file:
        return [SOURCES[key].decode() or None for key in file.clip]


def test_extracted(made: Any) -> None:
    with made.groups.Worded(made.path) as file:
        assert list(file.speaker) == [key.partition("_")[0] for key in file.clip]
        assert list(file.mood) == moods(made)
        assert set(file.mood.categories) == {"happy", "sad", "angry"}
        file.verify()


def test_the_same_file_by_any_number_of_workers(made: Any) -> None:
    folder = made.path.parent
    for workers in (1, 2, 3):
        name = f"again{workers}.h5"
        run(folder, "extract", "schema.yaml", "sources", "-o", name, "--workers", str(workers))
        assert differences(made.path, folder / name) == []


def test_loaders_give_codes_and_texts(made: Any) -> None:
    torch: Any = pytest.importorskip("torch", reason="loaders need torch")
    with made.groups.Worded(made.path) as file:
        words, kinds = list(file.speaker.categories), list(file.mood.categories)
        speakers = list(file.speaker)
    batches = list(made.loaders.codes_loader(made.path))
    codes = torch.cat([batch["code"] for batch in batches])
    assert codes.dtype == torch.int64
    assert [words[code] for code in codes.tolist()] == speakers
    assert [text for batch in batches for text in batch["text"]] == speakers
    assert batches[0]["small"].dtype == torch.int32
    found = [None if code < 0 else kinds[code] for batch in batches for code in batch["mood"].tolist()]
    assert found == moods(made)


def test_splits_and_conditions_by_words(made: Any) -> None:
    pytest.importorskip("torch", reason="loaders need torch")
    with made.groups.Worded(made.path) as file:
        speakers = list(file.speaker)
        train, test = (file.split(f"who/{part}") for part in ("train", "test"))
        assert {speakers[row] for row in train} == {"ann", "bob"}
        assert {speakers[row] for row in test} == {"eve"}
        half = {speakers[row] for row in file.split("some/train")}
        assert half.isdisjoint({speakers[row] for row in file.split("some/test")})
        expected = [moods(made)[row] for row in train if moods(made)[row] in ("happy", "sad")]
    batches = made.loaders.happy_loader(made.path)
    assert [text for batch in batches for text in batch["text"]] == expected


def test_codes_of_several_files_are_those_of_all(made: Any, tmp_path: Path) -> None:
    torch: Any = pytest.importorskip("torch", reason="loaders need torch")
    writer = made.groups.WordedWriter
    files = {"a": ["x", "y", "x"], "b": ["y", "z"], "c": ["z", "x", "new"]}
    for name, words in files.items():
        with writer.create(tmp_path / f"{name}.h5") as file:
            for i, word in enumerate(words):
                file.clip[f"{name}{i}"] = {"speaker": word, "mood": None}
    paths = [tmp_path / f"{name}.h5" for name in files]
    with made.groups.Worded(paths) as file:
        words = list(file.speaker.categories)
        assert words == ["x", "y", "z", "new"]
        assert list(file.speaker[[7, 0, 3, 4]]) == ["new", "x", "y", "z"]
    dataset = made.loaders.Codes(paths)
    for row, word in enumerate(word for some in files.values() for word in some):
        assert dataset[row]["code"].tolist() == [words.index(word)], "whichever file it comes from"
    everything = torch.cat([batch["code"] for batch in made.loaders.codes_loader(paths)])
    assert [words[code] for code in everything.tolist()] == [word for some in files.values() for word in some]


def test_words_of_entries_are_changed(tmp_path: Path) -> None:
    reader, writer = cells()
    path = written(tmp_path / "a.h5", writer, ["T", "B", "T"])
    with writer.edit(path) as file:
        file.cell["a1"] = {"kind": "new", "donor": "d9"}
        file.kind[np.array([0, 2])] = ["B", "T"]
        del file.cell["a0"]
    with reader(path) as file:
        assert {key: file.cell[key] for key in file.cell} == {
            "a1": {"kind": "new", "donor": "d9"},
            "a2": {"kind": "T", "donor": "d2"},
        }
        assert list(file.kind.categories) == ["T", "B", "new"], "a code means the same word forever"
        file.verify()
