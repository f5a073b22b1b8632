"""The types of a generated package are seen once it is installed elsewhere."""

from __future__ import annotations

import site
import subprocess
import sys
from pathlib import Path

import pytest

from h5schema.render import package

from ..render.judges import MYPY, REPOSITORY, place
from ..render.photos import PHOTOS

USE = """
from typing import reveal_type

from photos import Photos

reveal_type(Photos("photos.h5").label[0])
"""


@pytest.mark.parametrize(
    ("checker", "says"),
    [
        (
            [*MYPY, "--python-executable"],
            'note: Revealed type is "photos.groups.Label"',
        ),
        (["pyright", "--pythonpath"], 'information: Type of "Photos("photos.h5").label[0]" is "Label"'),
    ],
    ids=["mypy", "pyright"],
)
def test_types_are_seen_in_site_packages(checker: list[str], says: str, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True, timeout=120)
    (installed,) = venv.glob("lib/python3*/site-packages")
    place(package(PHOTOS._replace(loaders=())), installed / "photos")
    (installed / "others.pth").write_text("\n".join([str(REPOSITORY), *site.getsitepackages()]))
    user = tmp_path / "user"
    user.mkdir()
    (user / "use.py").write_text(USE)
    done = subprocess.run(
        [sys.executable, "-m", *checker, str(venv / "bin" / "python"), "use.py"],
        cwd=user,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert says in done.stdout
    assert done.returncode == 0, done.stdout
