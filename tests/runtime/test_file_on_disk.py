"""The file itself, as other tools see it: h5py, xarray, alignment, ids, checksums."""

from __future__ import annotations

import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray
from blank import declare
from everything import Everything
from everything.examples import NAMES, entry, name_of, write

from h5schema.errors import FileError
from h5schema.runtime import Array, IdAxis, Scalar
from h5schema.vocabulary import layout

COUNT = 30


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("file") / "everything.h5", COUNT)


def datasets(file: h5py.File) -> dict[str, h5py.Dataset]:
    """Every dataset by path."""
    found: dict[str, h5py.Dataset] = {}

    def note(name: str, one: object) -> None:
        if isinstance(one, h5py.Dataset):
            found[f"/{name}"] = one

    file.visititems(note)
    return found


def test_h5py_reads_it_without_us(path: Path) -> None:
    entries = [entry(i) for i in range(COUNT)]
    with h5py.File(path) as file:
        for name in ("i8", "u64", "f16", "c128", "flag"):
            values = file[f"scalars/{name}"][:]
            assert values.tolist() == [one["scalars"][name] for one in entries]
        assert file["scalars/u64"].dtype == np.uint64
        assert file["scalars/flag"].dtype == np.bool_
        assert h5py.check_enum_dtype(file["label"].dtype) == {"rouge vif": 3, "Grün": 1, "class": 200}
        assert h5py.check_enum_dtype(file["states"].dtype) == {"off": -1, "on": 1}
        assert file["label"][:].tolist() == [int(one["label"]) for one in entries]
        assert [one.decode() for one in file["code"][:]] == [one["code"] for one in entries]
        assert tuple(h5py.check_string_dtype(file["code"].dtype)) == ("utf-8", 16)
        assert file["trace"].attrs["unit"] == "mV"
        assert file["events/when"].attrs["unit"] == "s"
        assert file["scale"].attrs["unit"] == "V"
        assert file["scale"][()] == 0.25
        assert file["title"][()].decode() == "Everything, grün\n"
        assert file.attrs["mode"] == 1
        assert file["scalars"].attrs["gain"] == 1.5
        assert file.attrs["vector"].tolist() == [1, 2, 3]
        assert "author" not in file.attrs
        assert file["deep/maybe/number"].compression == "gzip"
        assert file["deep/maybe/number"].shuffle
        assert file["deep/maybe/array"].compression == "lzf"
        assert file["label"].compression is None
        assert "pickle" not in str(dict(file.attrs))


def test_ragged_values_end_to_end(path: Path) -> None:
    entries = [entry(i) for i in range(COUNT)]
    with h5py.File(path) as file:
        lengths = file[layout.of_dim("time", "lengths")][:]
        starts = file[layout.of_feature("trace", "starts")][:]
        values = file["trace"][:]
        assert lengths.tolist() == [len(one["trace"]) for one in entries]
        for one, start, length in zip(entries, starts, lengths, strict=True):
            assert np.array_equal(values[start : start + length], one["trace"])
        assert (starts >= 0).all()  # a length of zero is empty, not absent
        absent = file[layout.of_feature("maybe/trace", "starts")][:] < 0
        assert absent.tolist() == [one["maybe"]["trace"] is None for one in entries]
        present = file[layout.of_feature("maybe/number", "present")][:]
        assert present.tolist() == [one["maybe"]["number"] is not None for one in entries]


def test_it_says_what_it_is(path: Path) -> None:
    text = (Path(__file__).parent / "packages/everything/schema.yaml").read_text(encoding="utf-8")
    with h5py.File(path) as file:
        ours = file[".h5schema"]
        assert ours["schema"][()].decode() == text
        assert ours.attrs["schema_name"] == "everything"
        assert ours.attrs["schema_version"] == "1.2.0"
        assert ours.attrs["fingerprint"] == Everything.schema.fingerprint
        assert ours.attrs["layout_version"] == layout.LAYOUT_VERSION
        assert ours.attrs["complete"] == 1
        # All that is ours alone is below one group.
        outside = {name.partition("/")[2].partition("/")[0] for name in datasets(file)} - {".h5schema"}
        assert not any(name.startswith(".") for name in outside)


def test_the_schema_may_be_longer_than_an_attribute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import blank

    package = tmp_path / "package"
    package.mkdir()
    text = "# a long schema, grün\n" + "x: y\n" * 50_000
    (package / "schema.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(blank, "__file__", str(package / "__init__.py"))
    _, writer = declare(n=Scalar(np.int32, ""))
    with writer.create(tmp_path / "a.h5") as w:
        w.n = 1
    with h5py.File(tmp_path / "a.h5") as file:
        assert file[".h5schema/schema"][()].decode() == text
    (package / "schema.yaml").unlink()
    with pytest.raises(FileError, match="schema is missing from the generated package"):
        writer.create(tmp_path / "b.h5")
    assert not (tmp_path / "b.h5").exists()
    assert not (tmp_path / "b.h5.partial").exists()


def test_xarray_opens_every_group(path: Path) -> None:
    entries = [entry(i) for i in range(COUNT)]
    root = xarray.open_dataset(path, engine="h5netcdf")
    assert root["loss"].dims == ("step",)
    assert root["loss"].values.tolist() == list(range(2 * COUNT))
    assert root["states"].dims == ("sample", "channel")
    assert root["trace"].attrs["unit"] == "mV"
    assert root["matrix"].dims[1] == "channel"
    assert root.sizes["channel"] == 3
    assert root.sizes["sample"] == COUNT
    assert np.array_equal(root["states"].values, [one["states"] for one in entries])
    assert root["checked"].values.tolist() == [one["checked"] for one in entries]
    assert not root.coords, "the ids are not a coordinate, which xarray would read whole"
    scalars = xarray.open_dataset(path, engine="h5netcdf", group="scalars")
    assert scalars["u64"].dims == ("sample",)
    assert scalars["u64"].values.tolist() == [one["scalars"]["u64"] for one in entries]
    maybe = xarray.open_dataset(path, engine="h5netcdf", group="deep/maybe")
    assert maybe["array"].dims[0] == "sample"
    events = xarray.open_dataset(path, engine="h5netcdf", group="events", decode_times=False)
    assert events["when"].dims == ("event",)
    assert events["when"].values.tolist() == list(range(COUNT))
    inner = xarray.open_dataset(path, engine="h5netcdf", group="events/inner")
    assert list(inner.variables)
    for opened in (root, scalars, maybe, events, inner):
        opened.load()
        opened.close()


@pytest.mark.parametrize("count", [0, 1])
def test_xarray_opens_small_files(tmp_path: Path, count: int) -> None:
    with xarray.open_dataset(write(tmp_path / "a.h5", count), engine="h5netcdf") as root:
        root.load()
        assert root.sizes["sample"] == count
        assert root["states"].shape == (count, 3)


def test_data_are_aligned_and_chunks_in_order(tmp_path: Path) -> None:
    _, writer = declare(
        row=IdAxis(dict),
        image=Array(np.uint8, "row 33 7", chunk=10_000),
        x=Scalar(np.float32, "row"),
        n=Array(np.int32, "5"),
    )
    with writer.create(tmp_path / "a.h5") as w:
        w.n = np.arange(5, dtype=np.int32)
        for part in range(4):
            rows = [f"{part}/{i}" for i in range(200)]
            w.row.extend(rows, {"image": np.full((200, 33, 7), part, np.uint8), "x": np.zeros(200, np.float32)})
    with h5py.File(tmp_path / "a.h5") as file:
        contiguous = chunks = 0
        for name, dataset in datasets(file).items():
            if dataset.chunks:
                infos = [dataset.id.get_chunk_info(i) for i in range(dataset.id.get_num_chunks())]
                offsets = [info.byte_offset for info in infos]
                assert all(offset % layout.ALIGNMENT == 0 for offset in offsets), name
                assert offsets == sorted(offsets), name
                chunks += len(offsets)
            elif (offset := dataset.id.get_offset()) is not None:
                assert offset % layout.ALIGNMENT == 0, name
                contiguous += 1
        assert contiguous > 3
        assert chunks >= 19
        image = file["image"]
        assert image.chunks[1:] == (33, 7), "a chunk holds whole entries"


def test_no_dataset_has_the_chunks_that_h5py_guesses(path: Path) -> None:
    with h5py.File(path) as file:
        for name, dataset in datasets(file).items():
            if dataset.chunks and len(dataset.shape) > 1:
                assert dataset.chunks[1:] == tuple(max(1, n) for n in dataset.shape[1:]), name


# Ids.


def ids_of(count: int) -> dict[str, list[str]]:
    rng = np.random.default_rng(count)
    return {
        "numbers": [str(i) for i in range(count)],
        "long": ["x" * 200 + f"/{i}" for i in range(count)],
        "nul at the end": [f"{i}" + "\0" * (i % 3) for i in range(count)],
        "prefixes": ["a" * (i + 1) for i in range(min(count, 60))],
        "random": [f"{value:x} ü🙂" for value in rng.permutation(count * 10)[:count]],
        "64 bytes": [f"{i:064d}" for i in range(count)],
        "65 bytes": [f"{i:065d}" for i in range(count)],
        "spaces": [" " * (i % 50 + 1) + str(i) + " " for i in range(count)],
    }


@pytest.mark.parametrize("kind", list(ids_of(1)))
@pytest.mark.parametrize("count", [1, 2, 3, 1000])
def test_every_id_is_found(tmp_path: Path, kind: str, count: int) -> None:
    reader, writer = declare(row=IdAxis(dict), x=Scalar(np.int64, "row"))
    ids = ids_of(count)[kind]
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend(ids, {"x": np.arange(len(ids))})
    with reader(tmp_path / "a.h5") as f:
        assert list(f.row) == ids
        assert [f.row.row(text) for text in ids] == list(range(len(ids)))
        for text in ("", "nothing", ids[0] + " ", ids[-1] + "\0", ids[0][:-1], "\ud800"):
            assert (text in f.row) == (text in ids)
        longest = max(len(text.encode()) for text in ids)
        fixed = isinstance(f.hdf5()[layout.of_dim("row", "ids")], h5py.Dataset)
        assert fixed == (longest <= 64 and not any(text.endswith("\0") for text in ids))
        f.verify()


def test_many_ids(tmp_path: Path) -> None:
    reader, writer = declare(row=IdAxis(dict), x=Scalar(np.int64, "row"))
    ids = [f"class/{i % 10}/{i:06d}.jpg" for i in range(50_000)]
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend(ids, {"x": np.arange(50_000)})
    with reader(tmp_path / "a.h5") as f:
        rows = np.random.default_rng(0).integers(0, 50_000, 300).tolist()
        assert f.x[[ids[row] for row in rows]].tolist() == rows
        for i in range(100):
            assert f"class/1/{i}" not in f.row


def test_ids_whose_hashes_lie_badly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search is right for any hashes, not only for uniform ones: also where ids share one."""
    from h5schema.runtime import ids as reading
    from h5schema.runtime.writing import new_ids as writing

    for low in (0, 2**63, 2**64 - 2000):
        for module in (reading, writing):
            monkeypatch.setattr(module, "hash_of_bytes", lambda text, low=low: low + int(text, 16) % 2000)
        reader, writer = declare(row=IdAxis(dict), x=Scalar(np.int64, "row"))
        ids = [f"{i:x}" for i in range(1990)]
        with writer.create(tmp_path / "a.h5", overwrite=True) as w:
            w.row.extend(ids, {"x": np.arange(1990)})
        with reader(tmp_path / "a.h5") as f:
            assert [f.row.row(text) for text in ids] == list(range(1990))
            assert "7c8" not in f.row
            assert "7d0" not in f.row, "the hash of another id"


# Checksums.


def test_verify_finds_a_flipped_byte_in_every_dataset(path: Path, tmp_path: Path) -> None:
    with Everything(path) as f:
        f.verify()
    places: dict[str, int] = {}
    with h5py.File(path) as file:
        for name, dataset in datasets(file).items():
            if not dataset.size or name.startswith("/.h5schema/checksums"):
                continue
            if dataset.chunks:
                if dataset.id.get_num_chunks():
                    info = dataset.id.get_chunk_info(0)
                    rows = min(dataset.shape[0], dataset.chunks[0])
                    # A compressed chunk ends with rows that nobody uses.
                    used = rows * dataset[0:1].nbytes // 2 if dataset.compression is None else 12
                    places[name] = info.byte_offset + used
            elif (offset := dataset.id.get_offset()) is not None:
                places[name] = offset + dataset.nbytes // 2
    expected = {"/title", "/scale", "/matrix", "/label", "/trace", "/deep/maybe/number", "/.h5schema/schema"}
    assert expected | {layout.of_dim("sample", "ids"), layout.of_dim("sample", "index")} <= set(places)
    whole = path.read_bytes()
    other = tmp_path / "flipped.h5"
    for name, at in places.items():
        other.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        with Everything(other) as f, pytest.raises(FileError) as caught:
            f.verify()
        assert f"flipped.h5: {name}: " in str(caught.value)
        assert "not what was written" in str(caught.value)


def test_verify_names_the_rows(tmp_path: Path) -> None:
    reader, writer = declare(row=IdAxis(dict), x=Array(np.int64, "row 1000"))
    values = np.arange(1_000_000).reshape(1000, 1000)
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend([str(i) for i in range(1000)], {"x": values})
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["x"][640, 3] = -1
        sums = file[".h5schema/checksums/x"]
        step = int(sums.attrs["rows_per_block"])
        good = np.ascontiguousarray(values[:step])
        assert sums[0] == zlib.crc32(good.tobytes())
    with reader(tmp_path / "a.h5") as f, pytest.raises(FileError, match=r"/x: rows (\d+) to (\d+)") as caught:
        f.verify()
    words = str(caught.value).split("rows ")[1].split()
    assert int(words[0]) <= 640 <= int(words[2])


def test_verify_sees_rows_that_were_added_or_taken_away(tmp_path: Path) -> None:
    reader, writer = declare(row=IdAxis(dict), x=Array(np.int64, "row 100"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend([str(i) for i in range(5000)], {"x": np.zeros((5000, 100), np.int64)})
    for size in (5001, 4999, 0, 20_000):
        with h5py.File(tmp_path / "a.h5", "r+") as file:
            file["x"].resize(size, axis=0)
        with reader(tmp_path / "a.h5") as f, pytest.raises(FileError, match="/x: "):
            f.verify()


def test_verify_sees_what_is_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", 3)
    with h5py.File(path, "r+") as file:
        del file["label"]
    with Everything(path) as f, pytest.raises(FileError, match=r"/label: .*missing"):
        f.verify()


def test_the_same_entries_make_the_same_bytes(tmp_path: Path) -> None:
    one, other = write(tmp_path / "a.h5", 5), write(tmp_path / "b.h5", 5)
    with h5py.File(one) as first, h5py.File(other) as second:
        for name, dataset in datasets(first).items():
            if dataset.shape and not name.startswith("/.h5schema/checksums"):
                assert np.asarray(dataset[()]).tobytes() == np.asarray(second[name][()]).tobytes(), name


def test_names_in_the_examples_are_hard() -> None:
    assert "" in NAMES
    assert len(name_of(0).encode()) > len(name_of(0))
    assert isinstance(entry(0)["maybe"]["number"], float)


def test_the_photos_of_the_examples_have_the_fingerprint_of_their_layout() -> None:
    import sys

    sys.path.insert(0, str(Path(__file__).parents[2] / "generated_examples"))
    try:
        from photos import Photos
    finally:
        sys.path.pop(0)
    from h5schema.runtime.model import model_of

    assert layout.fingerprint(model_of(Photos).layout()) == Photos.schema.fingerprint
