"""What a file is called is settled when it is named; what a function returned is what it was then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blank import declare

from h5schema.errors import UsageError, UserCodeError
from h5schema.runtime import Array, Axis, Call, Extraction, IdAxis, Scalar

Numbers, NumbersWriter = declare(number=Axis(dict), value=Scalar(np.int64, "number"))


def made(path: Path | str, value: int) -> None:
    with NumbersWriter.create(path) as w:
        w.number.append({"value": value})


def test_a_file_is_read_where_it_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        made(tmp_path / name / "a.h5", len(name))
    monkeypatch.chdir(tmp_path / "here")
    file = Numbers("a.h5")
    several = Numbers(["a.h5", "../there/a.h5"])
    monkeypatch.chdir(tmp_path / "there")
    assert list(file.value) == [4]
    assert list(several.value) == [4, 5]


def test_a_file_appears_where_it_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "there")
    with NumbersWriter.create("a.h5") as other:
        other.number.append({"value": 5})
        monkeypatch.chdir(tmp_path / "here")
        with NumbersWriter.create("a.h5") as w:
            w.number.append({"value": 4})
            monkeypatch.chdir(tmp_path / "there")
        assert not (tmp_path / "there" / "a.h5").exists()
    for name in ("here", "there"):
        assert [path.name for path in (tmp_path / name).iterdir()] == ["a.h5"]
        with Numbers(tmp_path / name / "a.h5") as file:
            assert list(file.value) == [len(name)]


def test_a_word_is_no_permission_to_replace(tmp_path: Path) -> None:
    made(tmp_path / "a.h5", 1)
    with pytest.raises(UsageError, match="overwrite is 'no'"):
        NumbersWriter.create(tmp_path / "a.h5", overwrite="no")
    with Numbers(tmp_path / "a.h5") as file:
        assert list(file.value) == [1]


CODE = """
import numpy as np

buffer = np.zeros(3)

def first(path):
    buffer[:] = 1
    return buffer

def second(path):
    buffer[:] = 2
    return buffer

def both(path):
    buffer[:] = 3
    return {"third": buffer, "fourth": [buffer, buffer][0]}

def in_place(first):
    first -= 1
    return first
"""


def run(folder: Path, module: str, calls: dict[str, str], **given: tuple[str, ...]) -> Any:
    (folder / f"{module}.py").write_text(CODE, encoding="utf-8")
    (folder / "data").mkdir()
    for name in ("a", "b"):
        (folder / "data" / f"{name}.txt").write_text("", encoding="utf-8")
    parts, writer = declare(take=IdAxis(dict), **{name: Array(np.float64, "take 3") for name in calls})
    made = {name: Call(f"{module}:{call}", given=given.get(name, ())) for name, call in calls.items()}
    job = Extraction(writer, sources={"take": "{name}.txt"}, features=made)
    job.run([folder / "data"], folder / "a.h5", functions=folder)
    return parts


def test_an_array_that_is_filled_again_is_what_it_was(tmp_path: Path) -> None:
    names = {"first": "first", "second": "second", "third": "both", "fourth": "both"}
    parts = run(tmp_path, "filled_again", names)
    with parts(tmp_path / "a.h5") as file:
        for name, value in {"first": 1, "second": 2, "third": 3, "fourth": 3}.items():
            assert (getattr(file, name)[:] == value).all()


def test_a_function_that_changes_what_it_is_handed_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(UserCodeError, match="read-only"):
        run(tmp_path, "changed_in_place", {"first": "first", "less": "in_place"}, less=("first",))


def test_a_second_file_that_cannot_be_looked_at_is_a_failure(tmp_path: Path) -> None:
    """Its name is too long for the system; a folder without permission is the same."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / f"{'a' * 100}.txt").write_text("", encoding="utf-8")
    (tmp_path / "looked_at.py").write_text("def f(path):\n    return 1\n", encoding="utf-8")
    _, writer = declare(take=IdAxis(dict), x=Scalar(np.int64, "take"))
    call = Call("looked_at:f", source="{name}-{name}-{name}.txt")
    job = Extraction(writer, sources={"take": "{name}.txt"}, features={"x": call})
    with pytest.raises(UserCodeError, match="it cannot be looked at: File name too long"):
        job.run([tmp_path / "data"], tmp_path / "a.h5", functions=tmp_path)
