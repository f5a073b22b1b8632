"""The wheel works without the repository: it carries its templates."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_wheel_generates_in_a_clean_environment(tmp_path: Path) -> None:
    """Built from a copy, installed beside the dependencies that are here, run far from the repository."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "-o", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    (wheel,) = tmp_path.glob("h5schema-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert "h5schema/templates/package/groups.py.jinja" in names
    assert "h5schema/py.typed" in names
    assert not [
        name for name in names if name.split("/")[0] not in ("h5schema", wheel.name.split("-py3")[0] + ".dist-info")
    ]

    clean = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--system-site-packages", str(clean)], check=True, timeout=120)
    python = str(clean / "bin" / "python")
    # The wheel itself comes from its file alone; its dependencies are those of the environment of the tests.
    pip = [python, "-m", "pip", "install", "-q", "--no-deps", "--force-reinstall", "--no-index", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True, timeout=120)
    site = Path(next((clean / "lib").glob("python3*")) / "site-packages")
    here = Path(sys.prefix) / "lib" / site.parent.name / "site-packages"
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    env["PYTHONPATH"] = f"{site}{os.pathsep}{here}"
    work = tmp_path / "work"
    work.mkdir()

    def run(*words: str) -> str:
        done = subprocess.run(
            [python, *words], cwd=work, env=env, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert str(site) in run("-c", "import h5schema; print(h5schema.__file__)")
    run("-m", "h5schema", "init", "images", "-o", "photos.yaml")
    run("-m", "h5schema", "generate", "photos.yaml", "-o", ".")
    assert "photos.groups" in run("-c", "import photos; print(photos.Photos.__module__)")
