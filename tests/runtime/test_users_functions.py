"""What a user's function may do besides returning a value."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from blank import declare

from h5schema.errors import UserCodeError
from h5schema.runtime import Call, Extraction, How, IdAxis, Scalar, optional
from h5schema.runtime.sources import find

HERE = Path(__file__).resolve().parent


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder of three sources, and the one in which the functions are."""
    (tmp_path / "in").mkdir()
    for name in "abc":
        (tmp_path / "in" / f"{name}.txt").write_text(name)
    return tmp_path


def sized(place: Path, name: str, text: str) -> Extraction:
    """An extraction of one number by a function of this text."""
    (place / f"{name}.py").write_text(text)
    _, writer = declare(one=IdAxis(dict), size=Scalar(np.int64, "one"))
    return Extraction(writer, sources={"one": "{name}.txt"}, features={"size": Call(f"{name}:size")})


def test_a_function_that_raises_what_ends_generators(place: Path) -> None:
    job = sized(
        place,
        "ends_generators",
        "def size(path):\n    if path.stem == 'b':\n        raise GeneratorExit\n    return 1\n",
    )
    summary = job.run([place / "in"], place / "a.h5", functions=place, how=How(workers=0))
    assert [str(one) for one in summary.failures] == ["b.txt: ends_generators:size raised GeneratorExit"]


def test_a_source_function_that_raises_what_ends_generators(place: Path) -> None:
    (place / "ends_itself.py").write_text("def people(folder):\n    yield 'a', None, {}\n    raise GeneratorExit\n")
    with pytest.raises(UserCodeError, match="it raised GeneratorExit"):
        find([place / "in"], "one", "ends_itself:people", None, functions=place)


FORKS = """\
import os, sys
def size(path):
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0
        return 1
    print("a child", file=sys.stderr, flush=True)
    return 2
"""
RUN = """
import sys
sys.path[:0] = [{here!r}, {here!r} + "/packages"]
from pathlib import Path
import test_users_functions as tests
from h5schema.runtime import How
place = Path({place!r})
job = tests.sized(place, "forks", tests.FORKS)
print(job.run([place / "in"], place / "a.h5", functions=place, how=How(workers=0)).entries)
"""


def test_a_function_that_forks_and_comes_back_twice(place: Path) -> None:
    """The child ends there: it neither goes on with the sources nor writes the file."""
    code = RUN.format(here=str(HERE), place=str(place))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "{'one': 3}\n"), done.stderr
    assert done.stderr == "a child\n" * 3


def test_a_mapping_of_other_names_is_a_failed_source(place: Path) -> None:
    """An optional feature would be absent in silence; nothing at all is nothing."""
    (place / "misspells.py").write_text(
        "def both(path):\n    return {'a': {'sise': 1}, 'b': {}, 'c': {'size': 3}}[path.stem]\n"
        "def title():\n    return {'name': 1}\n"
    )
    _, writer = declare(
        one=IdAxis(dict), size=optional(Scalar(np.int64, "one")), width=optional(Scalar(np.int64, "one"))
    )
    features = {"size": Call("misspells:both"), "width": Call("misspells:both")}
    job = Extraction(writer, sources={"one": "{name}.txt"}, features=features)
    summary = job.run([place / "in"], place / "a.h5", functions=place, how=How(workers=0))
    assert [(one.source, one.message, one.help) for one in summary.failures] == [
        (
            "a.txt",
            "misspells:both returned 'sise', and no 'size', 'width'",
            "name the items after the features; return None where these are absent",
        )
    ]
    with h5py.File(place / "a.h5") as file:
        assert file["size"][:].tolist()[1] == 3
    _, writer = declare(title=Scalar(np.int64, ""))
    job = Extraction(writer, sources={}, features={"title": Call("misspells:title")})
    with pytest.raises(UserCodeError, match="title: misspells:title: misspells:title returned 'name', and no 'title'"):
        job.run([place / "in"], place / "b.h5", functions=place, how=How(workers=0))
