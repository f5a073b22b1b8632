"""What the README promises: its commands, its demo, its schema."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the demo trains a model: pip install 'h5schema[torch]'")

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], cwd=cwd, capture_output=True, text=True, timeout=300, check=False)


def accuracy_of(output: str) -> tuple[int, float]:
    """The figure in the last line that the demo prints."""
    found = re.fullmatch(r"accuracy on (\d+) held-out photos: (\d\.\d+)", output.rstrip().splitlines()[-1])
    assert found, output[-2000:]
    return int(found[1]), float(found[2])


def test_the_demo_learns_the_drawn_shapes(tmp_path: Path) -> None:
    done = run(str(ROOT / "examples" / "photos_demo.py"), "--work", str(tmp_path / "demo"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    count, share = accuracy_of(done.stdout)
    assert count == 200
    assert share >= 0.9
    for shown in ("h5schema: 1", "class Photos(File):", "class Train(Loader", "fingerprint sha256:", "samples/s"):
        assert shown in done.stdout


def test_the_demo_learns_real_photos(tmp_path: Path, shared: Path) -> None:
    photos = str(shared / "data" / "photos")
    done = run(str(ROOT / "examples" / "photos_demo.py"), photos, "--work", str(tmp_path / "demo"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    count, share = accuracy_of(done.stdout)
    assert count == 200
    assert share >= 0.25


def test_the_schema_of_the_readme_is_short_and_lints(tmp_path: Path) -> None:
    schema = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert schema
    assert README[: schema.start()].count("\n") < 40
    assert schema[1].count("\n") <= 15
    (tmp_path / "photos.yaml").write_text(schema[1], encoding="utf-8")
    done = run("-m", "h5schema", "lint", "photos.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_six_commands_as_they_stand(tmp_path: Path, shared: Path) -> None:
    block = re.search(r"```\n(h5schema init.*?)```", README, re.DOTALL)
    assert block
    commands = [line.split("   #")[0].strip() for line in block[1].splitlines()]
    assert len(commands) == 6
    last = ""
    for command in commands:
        shell = command.replace("h5schema ", f"{sys.executable} -m h5schema ", 1)
        shell = shell.replace("python -c", f"{sys.executable} -c").replace("FOLDER", str(shared / "data" / "photos"))
        done = subprocess.run(shell, shell=True, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, (command, done.stderr)
        last = done.stdout
    assert "tensor" in last


def test_every_link_of_the_readme_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
