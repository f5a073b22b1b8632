"""A plan says what an extraction then does: layout, sizes, and what each codec makes of the user's own values."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
from blank import declare

from h5schema.errors import FileError, UserCodeError
from h5schema.runtime import Array, Call, Capture, Extraction, How, IdAxis, Ragged, RaggedAxis, Scalar, Text, optional
from h5schema.runtime.extracting.planned import Plan

COUNT = 120
MINE = """\
import numpy as np

def wave(path):
    number = int(path.stem)
    if number % 40 == 39:
        raise ValueError(f"no wave: {path}")
    return np.cumsum(np.random.default_rng(number).normal(size=4000 + number)).astype(np.float32)

def picture(wave):
    return np.tile(wave[:64].astype(np.uint8), (64, 1))

def maybe(wave):
    return np.float32(wave[0]) if wave[0] > 0 else None

def fails(path):
    raise ValueError("never")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "in").mkdir()
    (tmp_path / "plan_tools.py").write_text(MINE)
    for number in range(COUNT):
        (tmp_path / "in" / f"{number:03}.bin").write_bytes(b"")
    yield tmp_path
    sys.modules.pop("plan_tools", None)
    while str(tmp_path) in sys.path:
        sys.path.remove(str(tmp_path))


def job() -> Extraction:
    _, writer = declare(
        take=IdAxis(dict),
        time=RaggedAxis(per="take"),
        wave=Ragged(np.float32, "take time"),
        whole=Ragged(np.float32, "take time", layout="contiguous"),
        coded=Ragged(np.float32, "take time", codec="default"),
        picture=Array(np.uint8, "take 64 64"),
        chunked=Array(np.uint8, "take 64 64", layout="chunked"),
        small=Array(np.uint8, "take 64 64", codec="lzf", chunk=16384),
        maybe=optional(Scalar(np.float32, "take")),
        name=Text("take"),
    )
    features = {
        **{name: Call("plan_tools:wave") for name in ("wave", "whole", "coded")},
        **{name: Call("plan_tools:picture", ("wave",)) for name in ("picture", "chunked", "small")},
        "maybe": Call("plan_tools:maybe", ("wave",)),
        "name": Capture("name"),
    }
    return Extraction(writer, sources={"take": "{name}.bin"}, features=features)


def planned(folder: Path, output: Path | None = None) -> Plan:
    return job().plan([folder / "in"], output, functions=folder, how=How(workers=2))


@pytest.mark.parametrize("workers", [0, 2])
def test_the_layout_is_that_of_the_file(folder: Path, workers: int) -> None:
    plan = planned(folder)
    how = How(workers=workers, kind="thread")
    summary = job().run([folder / "in"], folder / "a.h5", functions=folder, how=how)
    with h5py.File(folder / "a.h5") as file:
        for one in plan.features:
            chunks = file[one.address].chunks
            assert (chunks is None) == (one.chunk is None), one.address
            assert chunks is None or chunks[0] == pytest.approx(one.chunk, rel=0.05), one.address
            logical = file[one.address].nbytes
            assert one.decoded == pytest.approx(logical, rel=0.1) or one.decoded < logical + 40 * COUNT
            stored = file[one.address].id.get_storage_size()
            assert one.stored == pytest.approx(stored, rel=0.2) or one.stored < 60 * COUNT
    assert plan.bytes == pytest.approx(summary.bytes, rel=0.15)  # of the room left by moving, some is used again
    assert summary.coded is not None
    assert summary.coded.ratio > 1


def test_a_plan_writes_nothing_and_loads_few(folder: Path) -> None:
    plan = planned(folder, folder / "a.h5")
    assert not list(folder.glob("a.h5*"))
    assert plan.sources == {"take": COUNT}
    assert 1 <= plan.loaded["take"] <= 64
    assert plan.workers == 2
    assert plan.has_room
    assert plan.seconds == pytest.approx(COUNT * plan.seconds_each["take"] / 2)


def test_codecs_are_measured_on_the_values(folder: Path) -> None:
    features = {one.address: one for one in planned(folder).features}
    for name in ("wave", "picture", "small"):
        words = [one.codec for one in features[name].codecs]
        assert words[:3] == ["none", "default", "lzf"]
        assert not set(words) & set(features[name].lacking)
        assert features[name].sampled > 64 << 10
        assert features[name].codecs[0].ratio == 1
        assert features[name].codecs[1].ratio > 1.1
        assert all(one.encode > 0 and one.decode > 0 for one in features[name].codecs)
        assert "of the room" in features[name].advice
    assert features["name"].codecs == ()
    assert features["name"].advice == ""


def test_a_plan_for_people(folder: Path) -> None:
    text = planned(folder).text(100)
    assert text.startswith("120 sources of take; ")
    assert "  wave     [4,0" in text
    assert "chunks of 16,384 x 4 B" in text
    assert "\nwave: codecs on " in text
    assert all(len(line) <= 100 for line in text.splitlines())
    assert max(map(len, planned(folder).text(72).splitlines())) <= 72


def test_samples_that_fail_are_told(folder: Path) -> None:
    plan = planned(folder)
    assert plan.failures
    assert {one.source for one in plan.failures} <= {"039.bin", "079.bin", "119.bin"}
    assert "of those that were loaded failed, and would be skipped:" in plan.failed
    assert "ValueError: no wave: " in plan.failed
    assert plan.record()["failures"] == [one.record() for one in plan.failures]


def test_nothing_that_can_be_loaded(folder: Path) -> None:
    _, writer = declare(take=IdAxis(dict), x=Scalar(np.int64, "take"))
    fails = Extraction(writer, sources={"take": "{n}.bin"}, features={"x": Call("plan_tools:fails")})
    with pytest.raises(UserCodeError, match=r"none of 6\d sources of take could be loaded; the first, 000\.bin: "):
        fails.plan([folder / "in"], functions=folder)


def test_a_folder_that_is_not_there(folder: Path) -> None:
    with pytest.raises(FileError, match="the folder is not there"):
        planned(folder, folder / "no/a.h5")


def test_planning_is_imported_when_it_is_asked_for() -> None:
    """Who extracts does not wait for what measures codecs."""
    code = (
        "import sys; from h5schema.runtime import Extraction; print(sorted(n for n in sys.modules if '.planning' in n))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"
