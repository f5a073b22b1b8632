"""`reveal_type` of generated code in use, by mypy and by pyright.

Each line `reveal_type(expression)  # Type` of the files `use_*.py` must reveal what a
parameter that is annotated with that type reveals, so that no version of numpy matters.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from h5schema import pipeline
from h5schema.render import package

from ..render.everything import EVERYTHING
from ..render.judges import MYPY, REPOSITORY, place
from ..render.photos import PHOTOS

_LINE = re.compile(r"^\s*reveal_type\((?P<expression>.+)\)  # (?P<type>.+)$")
_CHECKERS = {
    "mypy": (
        MYPY,
        re.compile(r'^(\w+)\.py:(\d+): note: Revealed type is "(.+)"', re.MULTILINE),
    ),
    "pyright": (
        ["pyright", "--pythonpath", sys.executable],
        re.compile(r'(\w+)\.py:(\d+):\d+ - information: Type of ".+" is "(.+)"$', re.MULTILINE),
    ),
}


_CASES = [REPOSITORY / f"tests/cases/{name}" for name in ("package_windows", "package_methods")]
_COMPILED = pipeline.compiled([(case / "schema.yaml", (case / "schema.yaml").read_bytes()) for case in _CASES])
_MODULES = [module for case in _CASES for module in case.glob("*.py")]


SCHEMAS = (PHOTOS, EVERYTHING, *_COMPILED.values())


@pytest.mark.parametrize("checker", _CHECKERS)
def test_every_line_has_its_type(checker: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    for module in _MODULES:  # of the user
        shutil.copy(module, tmp_path)
    asked = {f"use_{schema.name}": _asked(schema, tmp_path) for schema in SCHEMAS}
    (tmp_path / "pyrightconfig.json").write_text(f'{{"typeCheckingMode": "strict", "extraPaths": ["{REPOSITORY}"]}}')
    command, pattern = _CHECKERS[checker]
    files = [f"{name}.py" for name in asked]
    done = subprocess.run(
        [sys.executable, "-m", *command, *files], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    revealed = {(name, int(line)): text for name, line, text in pattern.findall(done.stdout)}
    for name, lines in asked.items():
        assert len(lines) > 10
        for number, (expression, expected) in lines.items():
            assert (name, number) in revealed, done.stdout
            assert revealed[name, number] == revealed[name, expected], expression


def _asked(schema: object, folder: Path) -> dict[int, tuple[str, int]]:
    """Each line that asks: its expression, and the line that reveals what that is to be."""
    assert isinstance(schema, type(PHOTOS))
    place(package(schema), folder / schema.name)
    lines = (Path(__file__).parent / f"use_{schema.name}.py").read_text().splitlines()
    wanted = {number: found for number, line in enumerate(lines, 1) if (found := _LINE.match(line))}
    expected: dict[int, tuple[str, int]] = {}
    for number, found in wanted.items():
        lines += [f"def expected_{number}(value: {found['type']}) -> None:", "    reveal_type(value)"]
        expected[number] = found["expression"], len(lines)
    (folder / f"use_{schema.name}.py").write_text("\n".join(lines) + "\n")
    return expected
