"""What the words for `call` make of real files, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow
import pytest
import soundfile
from making import extracted
from numpy.typing import NDArray
from pyarrow import parquet

from h5schema.errors import DataError
from h5schema.extractors import arrays, audio, table, texts

TONE = (0.5 * np.sin(np.arange(800) * 0.1)).astype(np.float32)


# Recordings.


@pytest.mark.parametrize(("subtype", "step"), [("PCM_16", 2**-15), ("PCM_24", 2**-23), ("FLOAT", 0)])
def test_M2_samples_are_those_that_the_file_holds(tmp_path: Path, subtype: str, step: float) -> None:
    soundfile.write(tmp_path / "a.wav", TONE, 8000, subtype=subtype)
    made = audio.load(tmp_path / "a.wav")
    assert made.dtype == np.float32
    assert np.abs(made - TONE).max() <= step


def test_a_part_of_a_recording(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", TONE, 8000)
    whole = audio.load(tmp_path / "a.flac")
    assert np.array_equal(audio.load(tmp_path / "a.flac", start=100, stop=300), whole[100:300])
    assert audio.load(tmp_path / "a.flac", start=800).shape == (0,)
    with pytest.raises(DataError, match="samples 100 to 801 are asked for, but the recording has 800"):
        audio.load(tmp_path / "a.flac", start=100, stop=801)


def test_channels_are_averaged_or_kept_but_never_by_default(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.stack([TONE, -TONE / 2], 1), 8000, subtype="FLOAT")
    assert np.array_equal(audio.load(tmp_path / "a.wav", mono=False), np.stack([TONE, -TONE / 2], 1))
    assert np.allclose(audio.load(tmp_path / "a.wav", mono=True), TONE / 4)
    with pytest.raises(DataError, match="the recording has 2 channels") as caught:
        audio.load(tmp_path / "a.wav")
    assert "`mono: true` to average them" in str(caught.value)


def test_another_rate_is_resampled(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", TONE, 8000, subtype="FLOAT")
    assert np.array_equal(audio.load(tmp_path / "a.wav", rate=8000), TONE)
    twice = audio.load(tmp_path / "a.wav", rate=16000)
    assert len(twice) == 1600
    assert np.abs(twice[400:1200:2] - TONE[200:600]).max() < 1e-3  # away from the ends


def test_samples_that_the_dtype_does_not_hold_are_refused(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "deep.wav", TONE, 8000, subtype="PCM_32")
    with pytest.raises(DataError, match="PCM_32, which float32 does not hold"):
        audio.load(tmp_path / "deep.wav")
    deep = audio.load(tmp_path / "deep.wav", dtype="float64")
    assert np.array_equal(deep, soundfile.read(tmp_path / "deep.wav", dtype="float64")[0])
    with pytest.raises(DataError, match="which int16 does not hold"):
        audio.load(tmp_path / "deep.wav", dtype="int16")
    whole = np.arange(-400, 400, dtype=np.int16) * 80
    soundfile.write(tmp_path / "a.wav", whole, 8000, subtype="PCM_16")
    assert np.array_equal(audio.load(tmp_path / "a.wav", dtype="int16"), whole)
    with pytest.raises(DataError, match="resampled ones are no int16"):
        audio.load(tmp_path / "a.wav", dtype="int16", rate=4000)


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF and then nothing")
    with pytest.raises(DataError, match=r"the recording does not decode: .*a\.wav|the recording does not decode"):
        audio.load(tmp_path / "a.wav")
    with pytest.raises(DataError, match="the recording does not decode"):
        audio.load(tmp_path / "none.wav")


def test_real_recordings_are_what_soundfile_reads(shared: Path) -> None:
    paths = sorted((shared / "data" / "recordings").glob("*.wav"))[:20]
    for path in paths:
        assert np.array_equal(audio.load(path), soundfile.read(path, dtype="float32")[0])
    assert paths


# Arrays.


def test_arrays_of_numpy(tmp_path: Path) -> None:
    given: dict[str, NDArray[np.generic]] = {"x": np.arange(6.0).reshape(2, 3), "y": np.array([True, False])}
    np.save(tmp_path / "a.npy", np.asfortranarray(given["x"]))
    np.savez_compressed(tmp_path / "a.npz", **given)
    assert np.array_equal(arrays.load(tmp_path / "a.npy"), given["x"])
    all_of_it = arrays.load(tmp_path / "a.npz")
    assert isinstance(all_of_it, dict)
    assert {name: one.tolist() for name, one in all_of_it.items()} == {
        name: one.tolist() for name, one in given.items()
    }
    assert np.array_equal(arrays.load(tmp_path / "a.npz", item="y"), given["y"])
    with pytest.raises(DataError, match="there is no array 'z' in the file") as caught:
        arrays.load(tmp_path / "a.npz", item="z")
    assert "it holds x, y" in str(caught.value)


def test_records_are_their_fields(tmp_path: Path) -> None:
    records = np.array([(1, 2.5), (3, 4.5)], [("n", "i4"), ("x", "f8")])
    np.save(tmp_path / "a.npy", records)
    fields = arrays.load(tmp_path / "a.npy")
    assert isinstance(fields, dict)
    assert (fields["n"].tolist(), fields["x"].tolist()) == ([1, 3], [2.5, 4.5])
    assert np.array_equal(arrays.load(tmp_path / "a.npy", item="x"), records["x"])


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return open, (str(tmp_path / "ran"), "w")

    np.save(tmp_path / "a.npy", np.array([Bomb()], object), allow_pickle=True)
    np.savez(tmp_path / "a.npz", x=np.array([Bomb()], object))
    for name in ("a.npy", "a.npz"):
        with pytest.raises(DataError, match="could run code when they are loaded"):
            arrays.load(tmp_path / name)
    assert not (tmp_path / "ran").exists()


def test_damaged_arrays_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(1000))
    np.savez_compressed(tmp_path / "a.npz", x=np.arange(1000))
    for name in ("a.npy", "a.npz"):
        held = (tmp_path / name).read_bytes()
        for cut in (b"", held[:5], held[: len(held) // 2], b"text\n" * 10):
            (tmp_path / name).write_bytes(cut)
            with pytest.raises(DataError, match=r"this is no file of numpy's|the file cannot be read"):
                arrays.load(tmp_path / name)


# Texts and documents.


def test_a_text_is_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("a\r\nb\u00e9\n".encode())
    assert texts.load(tmp_path / "a.txt") == "a\r\nb\u00e9\n"
    (tmp_path / "a.txt").write_bytes(b"caf\xe9")
    assert texts.load(tmp_path / "a.txt", encoding="latin-1") == "caf\u00e9"
    with pytest.raises(DataError, match="byte 3 is no utf-8"):
        texts.load(tmp_path / "a.txt")


def test_documents_and_what_a_pointer_names(tmp_path: Path) -> None:
    document = {"a": {"b/c": [1, 2.5, None]}, "": True}
    path = tmp_path / "a.json"
    path.write_text(json.dumps(document))
    assert texts.load_json(path) == document
    for pointer, value in {"": document, "/a/b~1c/1": 2.5, "/": True, "/a": document["a"]}.items():
        assert texts.load_json(path, pointer=pointer) == texts.Whole(value)
    for pointer in ("/x", "/a/b~1c/3", "/a/b~1c/-1", "/a/b~1c/0/0"):
        with pytest.raises(DataError, match="the document has no"):
            texts.load_json(path, pointer=pointer)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1, "a": 2}', "'a' stands twice in one object"),
        ("[1e999]", "1e999 is too large for a float64"),
        ("[NaN]", "NaN is no number of JSON"),
        ("{", "this is no JSON"),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_what_would_be_lost_of_a_document_is_refused(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(DataError, match=why):
        texts.load_json(tmp_path / "a.json")


# Tables.


def test_columns_of_csv_and_parquet(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,n,name\n0.1,1,ann\n0.2,2,\n")
    columns = table.load(tmp_path / "a.csv")
    assert isinstance(columns, dict)
    assert np.array_equal(columns["x"], [0.1, 0.2])
    assert np.array_equal(columns["n"], [1, 2])
    assert columns["name"] == ["ann", ""]
    narrow = table.load(tmp_path / "a.csv", column="x", floats="float32")
    assert isinstance(narrow, np.ndarray)
    assert narrow.dtype == np.float32
    assert np.array_equal(narrow, np.array([0.1, 0.2], np.float32))
    parquet.write_table(pyarrow.table({"x": pyarrow.array([1, 2], "int16"), "s": ["a", "b"]}), tmp_path / "a.parquet")
    whole = table.load(tmp_path / "a.parquet", column="x")
    assert isinstance(whole, np.ndarray)
    assert (whole.dtype, whole.tolist()) == (np.int16, [1, 2])


@pytest.mark.parametrize(
    ("text", "column", "why"),
    [
        ("x\n1\n\n3\n,\n", None, "the table cannot be read"),
        ("x,y\n1,2\n,3\n", "x", "column 'x' has an empty cell in row 1"),
        ("x,x\n1,2\n", None, "two columns are called 'x'"),
        ("x\n1\n", "y", "there is no column 'y'"),
        ("", None, "the table cannot be read"),
    ],
)
def test_tables_that_do_not_say_it_all_are_refused(tmp_path: Path, text: str, column: str | None, why: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(DataError, match=why):
        table.load(tmp_path / "a.csv", column=column)


# All of it in one schema.

SCHEMA = """
h5schema: 1
name: clips_of_words
version: 1.0.0
dims:
  clip: {source: '{name}.wav'}
  time: {per: clip}
  step: {per: clip}
features:
  wave: {dims: [clip, time], dtype: float32, call: audio}
  notes: {dims: [clip], dtype: str, call: text, source: '{name}.txt'}
  about: {dims: [clip], dtype: json, call: json, source: '{name}.json', params: {pointer: ''}}
groups:
  labels:
    over: clip
    source: '{name}.json'
    call: json
    features:
      speaker: {dtype: str}
      take: {dtype: int64}
  steps:
    over: [clip, step]
    source: '{name}.csv'
    call: table
    features:
      pitch: {dtype: float64}
      frame: {dtype: int64}
  arrays:
    over: clip
    source: '{name}.npz'
    call: numpy
    features:
      mean: {dtype: float32}
      matrix: {dims: [clip, 2, 2], dtype: float32}
"""


def test_M2_one_source_feeds_several_features(tmp_path: Path) -> None:
    sources: dict[str, bytes] = {}
    for number in range(3):
        matrix = np.full((2, 2), number, np.float32)
        soundfile.write(tmp_path / "a.wav", TONE[: 100 * number], 8000, subtype="FLOAT")
        np.savez(tmp_path / "a.npz", mean=np.float32(number), matrix=matrix)
        lines = [f"{i},{i / 2}" for i in range(number + 1)]
        sources |= {
            f"clip{number}.wav": (tmp_path / "a.wav").read_bytes(),
            f"clip{number}.npz": (tmp_path / "a.npz").read_bytes(),
            f"clip{number}.txt": f"clip {number}".encode(),
            f"clip{number}.json": json.dumps({"speaker": f"s{number}", "take": number}).encode(),
            f"clip{number}.csv": "\n".join(["frame,pitch", *lines, ""]).encode(),
        }
    made = extracted(tmp_path, SCHEMA, "", sources)
    with made.groups.ClipsOfWords(made.path) as f:
        for number in range(3):
            entry = f.clip[f"clip{number}.wav"]
            assert np.array_equal(entry["wave"], TONE[: 100 * number])
            assert (entry["notes"], entry["about"]) == (f"clip {number}", {"speaker": f"s{number}", "take": number})
            assert entry["labels"] == {"speaker": f"s{number}", "take": number}
            assert np.array_equal(entry["steps"]["frame"], np.arange(number + 1))
            assert np.array_equal(entry["steps"]["pitch"], np.arange(number + 1) / 2)
            assert entry["arrays"]["mean"] == number
            assert np.array_equal(entry["arrays"]["matrix"], np.full((2, 2), number))
        f.verify()


FRAMES = """
h5schema: 1
name: frames_of_pandas
version: 1.0.0
dims:
  walk: {source: '{name}.csv'}
  step: {per: walk}
groups:
  track:
    over: [walk, step]
    call: frames_of_pandas_io:read
    features:
      x: {dtype: float64}
      n: {dtype: int64}
      word: {dims: [walk, step], dtype: str}
"""


def test_M2_the_columns_of_a_data_frame_are_features(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    functions = "import pandas\n\ndef read(path):\n    return pandas.read_csv(path)\n"
    sources = {"a.csv": b"x,n,word\n0.5,1,one\n1.5,2,two\n", "b.csv": b"x,n,word\n0.25,7,seven\n"}
    made = extracted(tmp_path, FRAMES, functions, sources)
    with made.groups.FramesOfPandas(made.path) as f:
        assert [one.tolist() for one in f.track.x] == [[0.5, 1.5], [0.25]]
        assert [one.tolist() for one in f.track.n] == [[1, 2], [7]]
        assert list(f.track.word) == [["one", "two"], ["seven"]]
