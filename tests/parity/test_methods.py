"""A feature has methods of its own: functions of the user's, named in the schema (M5)."""

from __future__ import annotations

import multiprocessing
import pickle
import shutil
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from h5schema import cli, pipeline
from h5schema.errors import UserCodeError

CASE = Path(__file__).resolve().parents[1] / "cases/package_methods"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the package, the user's module, and a file."""
    pytest.importorskip("matplotlib", reason="plots need matplotlib: pip install 'h5schema[plots]'")
    folder = tmp_path_factory.mktemp("methods")
    shutil.copy(CASE / "sound_tools.py", folder)
    pipeline.generate([CASE / "schema.yaml"], folder)
    sys.path.insert(0, str(folder))
    from package_methods import PackageMethodsWriter as Writer

    about = {"level": "x", "table": np.zeros((2, 3), np.int16), "notes": {"a": 1}, "plain": b""}
    more = {"about": about, "model": {"layer": {"weight": -np.ones(3)}, "bias": np.ones(2)}}
    with Writer.create(folder / "a.h5") as w:
        w.clip["a"] = {"wave": np.full(9, 0.5, np.float32), "peak": 10.0, "level": "low", "title": "A", **more}
        w.clip["b"] = {"wave": np.zeros(4, np.float32), "peak": None, "level": "high", "title": "B", **more}
    yield folder
    sys.path.remove(str(folder))


def _loudness(file: Any) -> tuple[float, list[int]]:
    return file.wave.loudness("a"), file.wave.longest(most=2)


def test_M5_a_function_of_the_users_is_a_method(folder: Path) -> None:
    from package_methods import PackageMethods

    with PackageMethods(folder / "a.h5") as file:
        assert _loudness(file) == (0.5, [9, 4])
        assert file.wave.loudness("b", floor=0.25) == 0.25
        assert [file.peak.decibels(one) for one in ("a", "b")] == [20.0, None]
        assert file.level.sound_tools() == [str(one) for one in file.level]
        assert file.about.level.words() == ["x", "x"]
        assert file.model.norm("b") == 5  # a mapping in each entry
        assert len(file.wave.values[:]) == 13  # a view is still all that it was


def test_M5_methods_in_other_processes(folder: Path) -> None:
    from package_methods import PackageMethods

    file = PackageMethods(folder / "a.h5")
    assert len(file.wave) == 2
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_loudness, (file,)) == (0.5, [9, 4])
    assert pickle.loads(pickle.dumps(file.wave)).loudness("a") == 0.5


def test_M5_methods_over_several_files(folder: Path) -> None:
    from package_methods import PackageMethods
    from package_methods import PackageMethodsWriter as Writer

    with PackageMethods(folder / "a.h5") as file, Writer.create(folder / "b.h5") as w:
        w.clip["c"] = {**file.clip["a"], "wave": np.zeros(20, np.float32)}
    with PackageMethods([folder / "a.h5", folder / "b.h5"]) as file:
        assert file.wave.longest(3) == [20, 9, 4]


def test_M5_importing_the_package_imports_nothing_of_the_users(folder: Path) -> None:
    asked = "import sys, package_methods.groups; print('sound_tools' in sys.modules, 'matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


def test_M5_what_a_method_raises_shows_the_users_frames_only(folder: Path) -> None:
    from package_methods import PackageMethods
    from package_methods import PackageMethodsWriter as Writer

    with Writer.create(folder / "none.h5"):
        pass
    with PackageMethods(folder / "none.h5") as file, pytest.raises(ValueError, match="nothing was said") as raised:
        file.title.words()
    frames = traceback.extract_tb(raised.tb)
    assert [Path(frame.filename).name for frame in frames] == [Path(__file__).name, "sound_tools.py"]


def test_M5_the_users_own_plot(folder: Path) -> None:
    from package_methods import PackageMethods

    with PackageMethods(folder / "a.h5") as file:
        assert file.wave.plot(["a"]).get_suptitle() == "wave ['a']"
        assert file.about.plain.plot().get_suptitle() == "about/plain None"
        ours = file.wave.plot(["a"], kind="histogram")
        assert (ours.get_suptitle(), len(ours.axes[0].patches) > 9) == ("wave", True)
        assert [bar.get_width() for bar in file.level.plot().axes[0].patches] == [1, 1]  # `plot: counts`


def test_M5_the_command_draws_as_the_schema_says(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert cli.main(["plot", "a.h5", "wave", "b", "-o", "wave.svg"]) == 0
    assert "wave ['b']" in (folder / "wave.svg").read_text(encoding="utf-8")


def test_M5_a_function_that_is_not_there(folder: Path, tmp_path: Path) -> None:
    text = (CASE / "schema.yaml").read_text(encoding="utf-8").replace("package_methods", "unsounds")
    text = text.replace("sound_tools:words", "sound_tools:word").replace("sound_tools:loudness", "no_tools:loudness")
    (tmp_path / "unsounds.yaml").write_text(text, encoding="utf-8")
    pipeline.generate([tmp_path / "unsounds.yaml"], folder)
    import unsounds

    file = unsounds.Unsounds(folder / "a.h5")  # it is found when it is asked for
    with pytest.raises(UserCodeError, match="the module has no function 'word'"):
        file.title.words()
    with pytest.raises(UserCodeError, match="there is no module 'no_tools'"):
        file.wave.loudness("a")


def test_M5_methods_of_files_that_others_made(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "found.yaml").write_text(
        "h5schema: 1\nname: found_sounds\nversion: 1.0.0\nbind: plain\ndims: {clip: open}\n"
        "features:\n"
        "  wave: {dims: [clip, 4], dtype: float32, methods: {words: sound_tools:words, plot: sound_tools:draw}}\n"
        "  gain: {dims: [], dtype: float64, at: '@gain', methods: {in_decibels: sound_tools:decibels}}\n"
    )
    pipeline.generate([tmp_path / "found.yaml"], folder)
    with h5py.File(folder / "found.h5", "w") as f:
        f["wave"] = np.zeros((2, 4), np.float32)
        f.attrs["gain"] = 10.0
    from found_sounds import FoundSounds

    with FoundSounds(folder / "found.h5") as file:
        assert file.wave.words() == ["[0. 0. 0. 0.]"] * 2
        assert file.gain.in_decibels(()) == 20.0

    monkeypatch.chdir(tmp_path)
    shutil.copy(folder / "sound_tools.py", tmp_path)
    assert cli.main(["plot", str(folder / "found.h5"), "wave", "--schema", "found.yaml", "-o", "a.svg"]) == 0
    assert "wave None" in (tmp_path / "a.svg").read_text(encoding="utf-8")
