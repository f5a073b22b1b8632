"""Each demo runs to its end in a folder of its own, and reaches what its page promises."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the demos train models: pip install 'h5schema[torch]'")

EXAMPLES = Path(__file__).resolve().parent.parent.parent / "examples"


def run(name: str, folder: Path, *arguments: str) -> str:
    """What a demo prints."""
    command = [sys.executable, str(EXAMPLES / f"{name}_demo.py"), *arguments, "--work", str(folder / "work")]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-2000:]
    return done.stdout


def accuracy_of(output: str) -> tuple[int, float]:
    found = re.search(r"accuracy on (\d+) recordings of two voices that were not trained on: (\d\.\d+)\s*$", output)
    assert found, output[-2000:]
    return int(found[1]), float(found[2])


def test_M13_made_up_digits_of_unheard_voices(tmp_path: Path) -> None:
    pytest.importorskip("soundfile", reason="recordings are read by soundfile: pip install 'h5schema[audio]'")
    count, share = accuracy_of(run("digits", tmp_path))
    assert count == 80
    assert share >= 0.7


def test_M13_real_digits_of_unheard_voices(tmp_path: Path, shared: Path) -> None:
    pytest.importorskip("soundfile", reason="recordings are read by soundfile: pip install 'h5schema[audio]'")
    count, share = accuracy_of(run("digits", tmp_path, str(shared / "data" / "recordings")))
    assert count == 100
    assert share >= 0.45


def test_tokens_of_text_files(tmp_path: Path) -> None:
    found = re.search(r"(\d+) windows of 128 tokens; a token costs (\d\.\d+) bits\s*$", run("tokens", tmp_path))
    assert found
    assert int(found[1]) > 500
    assert float(found[2]) < 4.0


def test_B2_a_group_per_demonstration_of_another_program(tmp_path: Path) -> None:
    output = run("lift", tmp_path)
    assert re.search(r"12 demonstrations, \d+ samples\n", output)
    assert "actions [" in output


def test_M17_images_of_any_size_with_boxes_and_polygons(tmp_path: Path) -> None:
    output = run("detection", tmp_path)
    assert re.search(r"16 images, the first \[\d+, \d+, 3\], with \d+ boxes\n\d+ cars, each with its image\s*$", output)


def test_T11_cells_by_sparse_rows(tmp_path: Path) -> None:
    found = re.search(r"of all cells (\d\.\d+) are named rightly\s*$", run("cells", tmp_path))
    assert found
    assert float(found[1]) > 0.95


def test_T4_ratings_that_are_there(tmp_path: Path) -> None:
    assert re.search(r"\d+ ratings of 4800 pairs, \d\.\d\d stars on average; \d+ to test\s*$", run("ratings", tmp_path))


def test_M16_a_killed_training_goes_on_to_the_same_losses(tmp_path: Path) -> None:
    output = run("experiments", tmp_path)
    seen = re.search(r"killed after a reader had seen (\d+) losses of 100\n", output)
    assert seen
    assert 45 < int(seen[1]) < 100
    assert re.search(r"checkpoints: 000080 \(\d\.\d+\), 000100 \(\d\.\d+\), best \(\d\.\d+\)\n", output)
    found = re.search(r"the same 100 losses, from (\d\.\d+) to (\d\.\d+)\s*$", output)
    assert found
    assert float(found[2]) < float(found[1])


def test_D2_any_folder(tmp_path: Path) -> None:
    output = run("folder", tmp_path)
    assert "\n6 files; device.bin is array([0, 1, 2, 3, 4, 5, 6, 7], dtype=uint8)\n" in output
    assert output.endswith("\n6 samples: ndarray, str\n")
