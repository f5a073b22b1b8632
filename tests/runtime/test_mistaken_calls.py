"""Calls of loaders with what makes no sense, or without torch: refused in our words, where the call is."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blank import declare
from everything.examples import write

from h5schema.errors import DataError, FileError, H5SchemaError, MissingExtraError, UsageError
from h5schema.runtime import Axis, Batch, Plan, Scalar, Take, optional
from h5schema.runtime.ids import UnknownIdError
from h5schema.runtime.view import RowError

torch = pytest.importorskip("torch", reason="loaders need torch")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("calls") / "a.h5", 20)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"workers": -1}, "Numbers: workers is -1\n  help: give a whole number, at least 0"),
        ({"workers": 1.0}, "Numbers: workers is 1.0\n  help: give a whole number, at least 0"),
        ({"workers": True}, "Numbers: workers is True\n  help: give a whole number, at least 0"),
        ({"seed": 1.5}, "Numbers: seed is 1.5\n  help: give a whole number"),
        ({"seed": "1"}, "Numbers: seed is '1'\n  help: give a whole number"),
        ({"seed": None}, "Numbers: seed is None\n  help: give a whole number"),
        ({"batch_size": 0}, "Numbers: batch_size is 0\n  help: give a whole number, at least 1"),
        ({"batch_size": -5}, "Numbers: batch_size is -5\n  help: give a whole number, at least 1"),
        ({"batch_size": 2.5}, "Numbers: batch_size is 2.5\n  help: give a whole number, at least 1"),
        ({"limit": -1}, "Numbers: limit is -1\n  help: give a whole number, at least 0"),
        ({"limit": 0.5}, "Numbers: limit is 0.5\n  help: give a whole number, at least 0"),
        ({"shuffle": "no"}, "Numbers: shuffle is 'no'\n  help: give True or False"),
        ({"shuffle": 1}, "Numbers: shuffle is 1\n  help: give True or False"),
        ({"drop_last": "yes"}, "Numbers: drop_last is 'yes'\n  help: give True or False"),
        ({"pin_memory": 1}, "Numbers: pin_memory is 1\n  help: give True or False"),
        ({"access": "mmap"}, "Everything: access is 'mmap'\n  help: give 'map', 'read', 'memory'"),
    ],
)
def test_arguments_of_a_loader(path: Path, arguments: Any, text: str) -> None:
    from everything.loaders import Numbers

    with pytest.raises(UsageError) as caught:
        Numbers.loader(path, **arguments)
    assert str(caught.value) == text


def test_the_call_is_judged_before_the_file(tmp_path: Path) -> None:
    from everything.loaders import Numbers

    with pytest.raises(UsageError, match="batch_size is 0"):
        Numbers.loader(tmp_path / "nothing.h5", batch_size=0)


@pytest.mark.parametrize("epoch", [-1, 1.0, "1", True, None])
def test_epochs(path: Path, epoch: Any) -> None:
    from everything.loaders import Shuffled

    loader = Shuffled.loader(path)
    with pytest.raises(UsageError, match=r"Shuffled: epoch is .*\n  help: give a whole number, at least 0"):
        loader.set_epoch(epoch)
    loader.set_epoch(np.int64(3))
    other = Shuffled.loader(path, seed=np.int32(0), batch_size=np.uint8(7))
    other.set_epoch(3)
    assert [rows.tolist() for (_, rows), _ in loader] == [rows.tolist() for (_, rows), _ in other]


def test_a_pattern_that_no_id_matches(path: Path) -> None:
    from everything.loaders import Numbers

    with pytest.raises(DataError, match="no id matches 'folder'"):
        Numbers.loader(path, subset="folder")


@pytest.mark.parametrize("subset", [5, b"a"])
def test_one_id_is_no_subset(path: Path, subset: Any) -> None:
    from everything.loaders import Numbers

    with pytest.raises(DataError) as caught:
        Numbers.loader(path, subset=subset)
    assert f"a.h5: sample: {subset!r} is no list of entries\n  help: give a list: [{subset!r}]" in str(caught.value)


@pytest.mark.parametrize("index", [1.5, "1", None, [True, False], [0.0]])
def test_indices_of_samples(path: Path, index: Any) -> None:
    from everything.loaders import Numbers

    data = Numbers(path)
    with pytest.raises(UsageError, match="is no index\n  help: give whole numbers"):
        _ = data[index]
    assert len(data[[]][1]) == 0
    assert len(data[np.int64(2)][1]) == 1


def test_a_bool_stands_in_for_a_bool_that_is_loaded_as_a_number(tmp_path: Path) -> None:
    from h5schema.runtime.torch import Loader

    reader, writer = declare(row=Axis(dict), seen=optional(Scalar(np.bool_, "row")))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"seen": [True, None, False]})
    take = Take("seen", dtype="float32", fill=True)
    one: Any = type("One", (Loader,), {"file": reader, "plan": Plan(over="row", sample=take, batch=Batch(3))})
    (batch,) = one.loader(tmp_path / "a.h5")
    assert batch.tolist() == [1.0, 1.0, 0.0]


WITHOUT_TORCH = """
import sys
sys.path.insert(0, {examples!r})
sys.modules["torch"] = None
import photos
try:
    import photos.loaders
except ImportError as error:
    print(type(error).__name__, error, sep="\\n")
"""


def test_torch_is_not_installed(packages: Path) -> None:
    code = WITHOUT_TORCH.format(examples=str(packages.parents[2] / "generated_examples"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert done.stdout == (
        "MissingExtraError\n"
        "h5schema.runtime.torch: loaders need PyTorch, which is not installed\n"
        "  help: pip install 'h5schema[torch]'\n"
    )


def test_torch_without_what_it_needs_says_so(packages: Path, tmp_path: Path) -> None:
    """A library that torch itself lacks is not torch."""
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch/__init__.py").write_text("import what_torch_needs")
    code = f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(packages)!r}]; import everything.loaders"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr.rstrip().endswith("ModuleNotFoundError: No module named 'what_torch_needs'")


@pytest.mark.parametrize("kind", [DataError, FileError, UsageError, MissingExtraError, UnknownIdError, RowError])
def test_errors_come_back_from_other_processes(kind: type[H5SchemaError]) -> None:
    error = kind("what", where="a.h5: /x, row 3", do="something")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == str(error) == "a.h5: /x, row 3: what\n  help: something"
    assert (again.what, again.where, again.do) == ("what", "a.h5: /x, row 3", "something")
