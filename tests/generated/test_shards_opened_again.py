"""Files of one class that are closed and opened again: in another process, and where few may be open."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from h5schema import pipeline

HEAD = "h5schema: 1\nname: runs\nversion: {}\ndims: {{step: {{size: open, ids: true}}, t: {{per: step}}}}\nfeatures:\n"
OLD = HEAD.format("1.0.0") + (
    "  a: {dims: [step, 4], dtype: float32}\n"
    "  r: {dims: [step, t], dtype: int32, store: lzf}\n"
    "  n: {dims: [step, 3], dtype: int32, at: 'nodes/{step}'}\n"
)
NEW = OLD.replace("1.0.0", "1.1.0").replace("  a: {", "  b: {renamed_from: a, ")

WRITE = """
import sys
from pathlib import Path
import numpy as np
from runs import RunsWriter
folder, files, entries = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
for number in range(files):
    with RunsWriter.create(folder / f"{number:03}.h5") as w:
        w.step.extend([f"{number}_{i}" for i in range(entries)], {
            "a": np.arange(entries * 4, dtype=np.float32).reshape(entries, 4) + number,
            "r": [np.arange(i, dtype=np.int32) + number for i in range(entries)],
            "n": np.full((entries, 3), number, np.int32),
        })
"""

PICKLED = """
import multiprocessing, pickle, sys
from pathlib import Path
from runs import Runs

def read(f):
    return f.b[:].tolist(), [one.tolist() for one in f.r[:]]

if __name__ == "__main__":
    f = Runs(sorted(Path(sys.argv[1]).glob("*.h5")))
    f.b[0]
    wanted = read(f)
    assert len(wanted[0]) == 15
    assert wanted[0][5] == [1.0, 2.0, 3.0, 4.0], wanted[0][5]
    assert read(pickle.loads(pickle.dumps(f))) == wanted
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply_async(read, (f,)).get(60) == wanted
"""

FEW = """
import os, resource, sys
from pathlib import Path
from runs import Runs
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))
f = Runs(sorted(Path(sys.argv[1]).glob("*.h5")))
for _ in range(2):
    for read in (lambda: f.a[:][:, 0], lambda: f.r[:], lambda: f.n[::10], lambda: f.step.row("149_3")):
        found = read()
        used = len(os.listdir("/proc/self/fd"))
        assert used < 192, used
    assert f.a[:].tolist()[::500] == [[i, i + 1, i + 2, i + 3] for i in map(float, range(0, 150, 25))]
    assert [len(one) for one in f.r[:]] == list(range(20)) * 150
    assert f.n[::20][:, 1].tolist() == list(range(150))
    assert found == 149 * 20 + 3
"""

NONE_LEFT = """
import os, resource, sys
from pathlib import Path
from h5schema.errors import FileError
from runs import Runs
paths = sorted(Path(sys.argv[1]).glob("*.h5"))
f, one = Runs(paths), Runs(paths[0])
f.a[0], len(f.step), one.a[0], one.step.row("0_1")  # what it needs of Python
f.close(), one.close()
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
taken = []
try:
    while True:
        taken.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
said = set()
for read in (lambda: f.a[0], lambda: len(f.step), lambda: one.a[0], lambda: one.step.row("0_1")):
    try:
        read()
    except FileError as error:
        said.add(str(error))
for handle in taken:
    os.close(handle)
print("\\n".join(sorted(said)))
assert f.a[0].tolist() == one.a[0].tolist() == [0, 1, 2, 3]
"""


def run(folder: Path, schema: str, text: str, *given: object) -> str:
    package = folder / ("old" if schema is OLD else "new")
    if not package.is_dir():
        package.mkdir()
        (package / "runs.yaml").write_text(schema)
        pipeline.generate([package / "runs.yaml"], package)
    (package / "script.py").write_text(text)
    said = subprocess.run(
        [sys.executable, "script.py", *map(str, given)],
        cwd=package,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    return said.stdout


def test_files_of_an_older_version_are_read_in_another_process(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    run(tmp_path, OLD, WRITE, tmp_path / "files", 3, 5)
    run(tmp_path, NEW, PICKLED, tmp_path / "files")


def test_few_descriptors_do_for_many_files_whatever_is_read(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    run(tmp_path, OLD, WRITE, tmp_path / "files", 150, 20)
    run(tmp_path, OLD, FEW, tmp_path / "files")


def test_too_many_open_files_are_no_damage(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    run(tmp_path, OLD, WRITE, tmp_path / "files", 2, 5)
    found = run(tmp_path, OLD, NONE_LEFT, tmp_path / "files")
    assert "damage" not in found
    assert "too many files are open\n  help: raise the limit (`ulimit -n`), or give fewer files at a time" in found
