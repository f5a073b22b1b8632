"""Files of features in groups: what h5mapper, Data2H5 and a hand-written Dataset have, line by line."""

from __future__ import annotations

import multiprocessing
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from torch.utils.data import DataLoader

from h5schema.runtime import scratch

SCHEMA = """
h5schema: 1
name: parity_tones
version: 1.0.0
dims:
  tone: {source: '{kind}/{name}.txt'}
  time: {per: tone}
features:
  wave:
    dims: [tone, time]
    dtype: float32
    call: parity_tones_io:wave
    params: {rate: 100}
    store: {codec: default, chunk: 4KiB}
  loudest: {dims: [tone], dtype: float32, from: wave, call: 'parity_tones_io:loudest', optional: true}
groups:
  about:
    over: tone
    features:
      kind: {dtype: {enum: [high, low]}, from: '{kind}'}
      twice: {dtype: float32, from: loudest, call: 'parity_tones_io:twice', optional: true}
    groups:
      deeper:
        features:
          length: {dtype: int64, from: wave, call: 'parity_tones_io:length', store: {chunk: 1KiB}}
loaders:
  tones: {over: tone, inputs: {wave: {feature: wave, as: list}, kind: about/kind}, batch: 4}
"""
FUNCTIONS = """
import numpy as np

def wave(path, rate):
    return np.sin(np.arange(int(path.read_text())) / rate).astype(np.float32)

def loudest(wave):
    return wave.max() if len(wave) else None

def twice(loudest):
    return np.float32(2 * loudest)

def length(wave):
    return len(wave)
"""
LENGTHS = {f"{kind}/{n}.txt": n * 7 for kind in ("high", "low") for n in range(10)}


def h5schema(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "h5schema", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the schema, its package, sources, and the file `tones.h5`."""
    folder = tmp_path_factory.mktemp("parity")
    (folder / "tones.yaml").write_text(SCHEMA)
    (folder / "parity_tones_io.py").write_text(FUNCTIONS)
    for name, length in LENGTHS.items():
        (folder / "sources" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "sources" / name).write_text(str(length))
    (folder / "sources" / "high" / ".hidden.txt").write_text("3")
    (folder / "sources" / "notes.md").write_text("not a tone")
    for arguments in (("generate", "tones.yaml", "-o", "."), ("extract", "tones.yaml", "sources", "-o", "tones.h5")):
        done = h5schema(folder, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture
def tones(folder: Path) -> Iterator[Any]:
    """The open file."""
    from parity_tones import ParityTones  # type: ignore[import-not-found]

    with ParityTones(folder / "tones.h5") as file:
        yield file


def wave(name: str) -> np.ndarray:
    return np.sin(np.arange(LENGTHS[name]) / 100).astype(np.float32)


def test_M1_groups_nest_and_complete(tones: Any) -> None:
    assert tones.about.deeper.length["low/3.txt"] == 21
    assert {"wave", "loudest", "about", "tone"} <= set(dir(tones))
    assert {"kind", "twice", "deeper"} <= set(dir(tones.about))
    entry = tones.tone["high/2.txt"]
    assert entry["about"]["deeper"]["length"] == 14
    assert entry["about"]["kind"].name == "high"


def test_M1_a_name_that_is_not_there_is_an_error_of_ours(tones: Any) -> None:
    with pytest.raises(AttributeError):
        _ = tones.about.lenght


def test_M3_options_of_one_feature_never_leak_into_another(folder: Path) -> None:
    with h5py.File(folder / "tones.h5") as file:
        wave, length, loudest = (file[name] for name in ("wave", "about/deeper/length", "loudest"))
        assert (wave.compression, wave.chunks, wave.dtype) == ("gzip", (1024,), np.float32)
        assert (length.compression, length.chunks, length.dtype) == (None, (128,), np.int64)
        assert (loudest.compression, loudest.chunks) == (None, None)


def test_M4_parameters_come_back_typed_and_a_run_with_others_is_noticed(tones: Any, folder: Path) -> None:
    assert tones.parameters["wave"] == {"call": "parity_tones_io:wave", "params": {"rate": 100}}
    (folder / "other.yaml").write_text(SCHEMA.replace("rate: 100", "rate: 50"))
    shutil.copy(folder / "tones.h5", folder / "other.h5")
    again = h5schema(folder, "extract", "other.yaml", "sources", "-o", "other.h5")
    assert again.returncode == 2  # a finished file
    done = h5schema(folder, "extract", "other.yaml", "sources", "-o", "other.h5", "--update")
    assert done.returncode == 0, done.stderr
    with type(tones)(folder / "other.h5") as other:
        assert other.parameters["wave"]["params"] == {"rate": 50}
        assert np.array_equal(other.wave["low/9.txt"], np.sin(np.arange(63) / 50).astype(np.float32))


def test_M6_features_are_derived_in_chains(tones: Any) -> None:
    for name in LENGTHS:
        loudest = wave(name).max() if LENGTHS[name] else None
        assert tones.loudest[name] == loudest
        assert tones.about.twice[name] == (None if loudest is None else np.float32(2 * loudest))


def test_M6_a_circle_is_refused(folder: Path) -> None:
    circle = SCHEMA.replace(
        "{dims: [tone], dtype: float32, from: wave,", "{dims: [tone], dtype: float32, from: about/twice,"
    )
    (folder / "circle.yaml").write_text(circle)
    done = h5schema(folder, "lint", "circle.yaml")
    assert done.returncode == 1
    assert "error[cycle]" in done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [("--workers", "0"), ("--workers", "2"), ("--workers", "2", "--threads")])
def test_M7_D4_the_file_is_the_same_for_processes_threads_and_none(folder: Path, arguments: tuple[str, ...]) -> None:
    done = h5schema(folder, "extract", "tones.yaml", "sources", "-o", "again.h5", "--overwrite", *arguments)
    assert done.returncode == 0, done.stderr
    assert "20 entries" in done.stdout + done.stderr
    with h5py.File(folder / "again.h5") as one, h5py.File(folder / "tones.h5") as other:
        for name in ("wave", "loudest", "about/kind", "about/twice", "about/deeper/length"):
            assert one[name][()].tobytes() == other[name][()].tobytes()


def test_M10_absent_is_not_empty(tones: Any) -> None:
    assert tones.loudest["high/0.txt"] is None
    assert tones.wave["high/0.txt"].shape == (0,)
    present = tones.loudest[:].present
    assert present.tolist() == [length > 0 for length in LENGTHS.values()]


def _read_there(reader: Any, name: str, queue: Any) -> None:
    queue.put(reader.wave[name])


@pytest.mark.parametrize("way", ["fork", "spawn", "forkserver"])
def test_M12_an_open_file_goes_to_other_processes(tones: Any, way: str) -> None:
    assert len(tones.wave["low/1.txt"]) == 7  # it is open here
    context = multiprocessing.get_context(way)
    queue = context.Queue()
    process = context.Process(target=_read_there, args=(tones, "low/9.txt", queue))
    process.start()
    assert np.array_equal(queue.get(timeout=60), wave("low/9.txt"))
    process.join(60)
    assert process.exitcode == 0
    assert np.array_equal(pickle.loads(pickle.dumps(tones)).wave["low/2.txt"], wave("low/2.txt"))


def test_M19_sources_are_walked_in_a_stable_order_without_hidden_ones(tones: Any, folder: Path) -> None:
    assert list(tones.tone) == sorted(LENGTHS)
    files = [f"sources/low/{n}.txt" for n in (3, 1)]
    done = h5schema(folder, "extract", "tones.yaml", *files, "sources/high", "-o", "some.h5", "--overwrite")
    assert done.returncode == 0, done.stderr


def test_M20_a_file_in_memory_and_a_temporary_one() -> None:
    for memory in (True, False):
        with scratch(memory=memory) as folder:
            assert folder.is_relative_to("/dev/shm") == memory
            with h5py.File(folder / "a.h5", "w") as file:
                file["x"] = [1, 2]
            assert h5py.File(folder / "a.h5")["x"][:].tolist() == [1, 2]
        assert not folder.exists()


def test_M20_an_overview_is_printed(folder: Path) -> None:
    done = h5schema(folder, "inspect", "tones.h5")
    assert done.returncode == 0
    for word in ("tone", "20", "wave", "float32", "about/deeper/length"):
        assert word in done.stdout


@pytest.mark.parametrize("store", ["none", "default", "lzf", "zstd"])
def test_D5_compression_loses_nothing(folder: Path, store: str) -> None:
    done = h5schema(folder, "repack", "tones.h5", "-o", "repacked.h5", "--codec", store, "--overwrite")
    assert done.returncode == 0, done.stderr
    from parity_tones import ParityTones

    with ParityTones(folder / "repacked.h5") as file:
        assert all(np.array_equal(file.wave[name], wave(name)) for name in LENGTHS)


def test_D7_a_target_is_not_destroyed_when_every_input_fails(folder: Path) -> None:
    before = (folder / "tones.h5").read_bytes()
    (folder / "broken").mkdir(exist_ok=True)
    for kind in ("high", "low"):
        (folder / "broken" / kind).mkdir(exist_ok=True)
        (folder / "broken" / kind / "1.txt").write_text("no number")
    done = h5schema(folder, "extract", "tones.yaml", "broken", "-o", "tones.h5", "--overwrite", "--on-error", "fail")
    assert done.returncode != 0
    assert (folder / "tones.h5").read_bytes() == before


def test_B1_several_files_are_one_data_set(folder: Path) -> None:
    from parity_tones import ParityTones
    from parity_tones.loaders import Tones  # type: ignore[import-not-found]

    for kind in ("high", "low"):
        files = sorted(str(path) for path in (folder / "sources" / kind).glob("[0-9].txt"))
        done = h5schema(folder, "extract", "tones.yaml", "sources", "-o", f"{kind}.h5", "--overwrite")
        assert done.returncode == 0, (done.stderr, files)
    both = [folder / "tones.h5", folder / "low.h5"]
    assert len(Tones(both)) == 40
    assert len(Tones(both, limit=7)) == 7
    assert len(ParityTones(both).wave) == 40


@pytest.mark.parametrize("workers", [0, 2])
def test_B4_any_number_of_workers(folder: Path, workers: int) -> None:
    from parity_tones.loaders import Tones

    batches = list(Tones.loader(folder / "tones.h5", workers=workers))
    waves = [one.numpy() for batch in batches for one in batch["wave"]]
    assert all(np.array_equal(one, wave(name)) for one, name in zip(waves, sorted(LENGTHS), strict=True))


def test_B4_a_data_loader_of_ones_own(folder: Path) -> None:
    from parity_tones.loaders import Tones

    loader = DataLoader(Tones(folder / "tones.h5"), batch_size=5, num_workers=2, collate_fn=Tones.collated)
    assert [len(batch["wave"]) for batch in loader] == [5, 5, 5, 5]


def test_T5_subsets_by_position_mask_and_id(folder: Path) -> None:
    from parity_tones.loaders import Tones

    path, names = folder / "tones.h5", sorted(LENGTHS)
    for subset in ([3, 0, 19], np.arange(20) % 7 == 3, ["low/3.txt", "high/1.txt"]):
        wanted = [subset_name in _named(subset, names) for subset_name in names]
        kept = [one.numpy() for batch in Tones.loader(path, subset=subset) for one in batch["wave"]]
        chosen = [name for name, is_in in zip(names, wanted, strict=True) if is_in]
        assert [len(one) for one in kept] == [LENGTHS[name] for name in chosen]


def _named(subset: Any, names: list[str]) -> set[str]:
    if isinstance(subset, np.ndarray):
        return {name for name, there in zip(names, subset, strict=True) if there}
    return {one if isinstance(one, str) else names[one] for one in subset}


def test_T7_the_whole_data_set_in_memory(folder: Path) -> None:
    from parity_tones.loaders import Tones

    plain = [one.numpy() for batch in Tones.loader(folder / "tones.h5") for one in batch["wave"]]
    held = [one.numpy() for batch in Tones.loader(folder / "tones.h5", access="memory") for one in batch["wave"]]
    assert all(np.array_equal(one, other) for one, other in zip(plain, held, strict=True))


def test_M7_a_hook_after_creation(folder: Path) -> None:
    (folder / "after_tones.py").write_text(
        "def done(path):\n    path.with_suffix('.done').write_text(str(path.stat().st_size))\n\n"
        "def fail(path):\n    raise ValueError('no mail server')\n"
    )
    for word in ("done", "fail"):
        hooked = SCHEMA.replace("name: parity_tones", f"name: parity_after_{word}").replace(
            "\ndims:", f"\nafter: after_tones:{word}\ndims:"
        )
        (folder / f"{word}.yaml").write_text(hooked)
    done = h5schema(folder, "extract", "done.yaml", "sources", "-o", "hooked.h5")
    assert done.returncode == 0, done.stderr
    assert (folder / "hooked.done").read_text() == str((folder / "hooked.h5").stat().st_size)
    failed = h5schema(folder, "extract", "fail.yaml", "sources", "-o", "unhooked.h5")
    assert failed.returncode == 2
    assert "unhooked.h5 is complete, but this function, which is called after that, raised ValueError" in failed.stderr
    assert "no mail server" in failed.stderr
    assert (folder / "unhooked.h5").is_file()


CHOSEN = """
h5schema: 1
name: parity_chosen
version: 1.0.0
dims:
  sheet: {source: '{name}.{ending:txt|tab}'}
  picked: {source: 'chosen_io:pick'}
features:
  words: {dims: [sheet], dtype: int64, call: 'chosen_io:words'}
  size: {dims: [picked], dtype: int64, call: 'chosen_io:size'}
"""
CHOOSES = """
def words(path):
    return len(path.read_text().split())

def size(path):
    return path.stat().st_size

def pick(folder):
    for path in sorted(folder.rglob('*')):
        if path.is_file() and path.stat().st_size % 2:
            yield path.name, path, {}
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_D3_choose_by_ending_or_by_a_function_and_read_by_a_function(tmp_path: Path, workers: str) -> None:
    (tmp_path / "chosen.yaml").write_text(CHOSEN)
    (tmp_path / "chosen_io.py").write_text(CHOOSES)
    (tmp_path / "in").mkdir()
    contents = {"a.txt": "one two", "b.tab": "one", "c.md": "odd", "d.bin": "even"}
    for name, text in contents.items():
        (tmp_path / "in" / name).write_text(text)
    assert h5schema(tmp_path, "generate", "chosen.yaml", "-o", ".").returncode == 0
    done = h5schema(tmp_path, "extract", "chosen.yaml", "in", "-o", "chosen.h5", "--workers", workers)
    assert done.returncode == 0, done.stderr
    with h5py.File(tmp_path / "chosen.h5") as file:
        assert file["words"][:].tolist() == [2, 1]
        assert file["size"][:].tolist() == [len(text) for text in contents.values() if len(text) % 2]
