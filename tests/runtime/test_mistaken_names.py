"""A name that is no feature is refused where it is assigned: its value would be lost without a word."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from everything import Everything, EverythingWriter
from everything.examples import write

from h5schema.errors import UsageError


def assign(node: Any, name: str) -> str:
    """The words for `node.name = "x"`."""
    with pytest.raises(UsageError) as caught:
        setattr(node, name, "x")
    assert vars(node).get(name) != "x"
    return str(caught.value)


def test_a_slip_in_the_name_of_a_feature(tmp_path: Path) -> None:
    with EverythingWriter.create(tmp_path / "a.h5") as w:
        text = assign(w, "titel")
        assert text == f"{tmp_path}/a.h5: 'titel' is no feature of EverythingWriter\n  help: did you mean 'title'?"
        assert "did you mean 'sample'?" in assign(w, "smaple")
        assert "did you mean 'scalars'?" in assign(w, "scalar")
        assert "a.h5: events: 'innner' is no feature of EventsGroup" in assign(w.events, "innner")
        assert "did you mean 'inner'?" in assign(w.events, "innner")
        assert "did you mean 'word'?" in assign(w.events.inner, "wrod")
        w.close()


def test_a_name_like_no_other(tmp_path: Path) -> None:
    with EverythingWriter.create(tmp_path / "a.h5") as w:
        assert "what can be assigned: title, scale, matrix, mode, author, gain, vector" in assign(w, "qqqq")
        assert "what can be assigned: nothing here: its features have entries" in assign(w.events.inner, "qqqq")
        for name in ("bound", "schema", "splits", "publish"):
            assert f"'{name}' is no feature" in assign(w, name)
        anyone: Any = w
        with pytest.raises(UsageError, match="the group scalars is not assigned"):
            anyone.scalars = {"flag": True}
        w.close()


def test_readers_refuse_too(tmp_path: Path) -> None:
    with Everything(write(tmp_path / "a.h5", 1)) as f:
        assert "'titel' is no feature of Everything\n  help: did you mean 'title'?" in assign(f, "titel")
        with pytest.raises(UsageError, match="reads; it does not write"):
            f.title = "x"


@pytest.mark.parametrize(
    "part", [lambda w: w.sample, lambda w: w.step, lambda w: w.label, lambda w: w.events.event, lambda w: w.title]
)
def test_entries_and_views_have_no_place_for_more(tmp_path: Path, part: Callable[[Any], Any]) -> None:
    with EverythingWriter.create(tmp_path / "a.h5") as w:
        with pytest.raises(AttributeError, match="labbel"):
            part(w).labbel = 5
        w.close()
    with Everything(write(tmp_path / "a.h5", 1)) as f, pytest.raises(AttributeError, match="labbel"):
        part(f).labbel = 5


def test_a_subclass_keeps_things_of_its_own(tmp_path: Path) -> None:
    class Cached(Everything):
        """A reader that remembers."""

        def __init__(self, path: Path) -> None:
            super().__init__(path)
            self._seen: dict[str, int] = {}

        @property
        def most(self) -> int:
            """Set by hand."""
            return self._seen.get("most", 0)

        @most.setter
        def most(self, value: int) -> None:
            self._seen["most"] = value

    with Cached(write(tmp_path / "a.h5", 1)) as f:
        f.most = 3
        assert f.most == 3
        assert f.title[()].startswith("Everything")


CACHE = str(Path(__file__).resolve().parents[2] / ".mypy_cache" / "packages")
MISTAKES = """\
from everything import EverythingWriter

w = EverythingWriter.create("a.h5")
w.title = "good"
w.titel = "a slip"
w.scalars = 5
w.sample = 5
w.events.innner = 5
w.sample.labbel = 5
w.scale = 0.5
"""


@pytest.mark.parametrize("checker", [["mypy", "--strict", "--cache-dir", CACHE], ["pyright"]], ids=lambda c: c[0])
def test_type_checkers_refuse_them(tmp_path: Path, packages: Path, checker: list[str]) -> None:
    (tmp_path / "use.py").write_text(MISTAKES)
    (tmp_path / "pyrightconfig.json").write_text(f'{{"extraPaths": ["{packages}", "{packages.parents[2]}"]}}')
    done = subprocess.run(
        [sys.executable, "-m", *checker, "use.py"],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": f"{packages}:{packages.parents[2]}"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    found = {int(line) for line in re.findall(r"use\.py:(\d+):.*error", done.stdout)}
    assert found == {5, 6, 7, 8, 9}, done.stdout + done.stderr
