"""What a user's function may do besides returning a value."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from blank import declare

from h5schema.errors import UserCodeError
from h5schema.runtime import Call, Extraction, How, IdAxis, Scalar
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
