"""`reveal_type` of generated code in use, by mypy and by pyright.

Each line `reveal_type(expression)  # Type` of the files `use_*.py` must reveal what a
parameter that is annotated with that type reveals, so that no version of numpy matters.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from h5schema import pipeline
from h5schema.render import package

from ..render.everything import EVERYTHING
from ..render.judges import REPOSITORY, place
from ..render.photos import PHOTOS

_LINE = re.compile(r"^\s*reveal_type\((?P<expression>.+)\)  # (?P<type>.+)$")
_CHECKERS = {
    "mypy": (["mypy", "--strict", "--cache-dir", "/dev/null"], re.compile(r':(\d+): note: Revealed type is "(.+)"')),
    "pyright": (
        ["pyright", "--pythonpath", sys.executable],
        re.compile(r':(\d+):\d+ - information: Type of ".+" is "(.+)"$', re.MULTILINE),
    ),
}


_CASE = REPOSITORY / "tests/cases/package_windows/schema.yaml"
(WINDOWS,) = pipeline.compiled([(_CASE, _CASE.read_bytes())]).values()


@pytest.mark.parametrize("checker", _CHECKERS)
@pytest.mark.parametrize("schema", [PHOTOS, EVERYTHING, WINDOWS], ids=lambda schema: schema.name)
def test_every_line_has_its_type(checker: str, schema: object, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    assert isinstance(schema, type(PHOTOS))
    place(package(schema), tmp_path / schema.name)
    lines = (Path(__file__).parent / f"use_{schema.name}.py").read_text().splitlines()
    wanted = {number: found for number, line in enumerate(lines, 1) if (found := _LINE.match(line))}
    expected: dict[int, int] = {}
    for number, found in wanted.items():
        lines += [f"def expected_{number}(value: {found['type']}) -> None:", "    reveal_type(value)"]
        expected[number] = len(lines)
    (tmp_path / "use.py").write_text("\n".join(lines) + "\n")
    (tmp_path / "pyrightconfig.json").write_text(f'{{"typeCheckingMode": "strict", "extraPaths": ["{REPOSITORY}"]}}')
    command, pattern = _CHECKERS[checker]
    done = subprocess.run(
        [sys.executable, "-m", *command, "use.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    revealed = {int(line): text for line, text in pattern.findall(done.stdout)}
    assert len(wanted) > 10
    for number, found in wanted.items():
        assert number in revealed, done.stdout
        assert revealed[number] == revealed[expected[number]], found["expression"]
