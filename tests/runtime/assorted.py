"""Sources of every kind of feature, the package that extracts them, and what two files have that differs."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin  # noqa: F401  plain h5py reads zstd with it
import numpy as np

from h5schema import pipeline

SCHEMA = """\
h5schema: 1
name: mixture
version: 1.0.0
dims:
  thing: {source: 'things/{kind:red|green|blue}-{number:int}.json'}
  page: {source: 'pages/{name}.txt', ids: '{name}'}
  step: {per: thing}
  peak: {per: thing}
  box: {per: thing}
features:
  title: {dtype: str, at: '@title', call: mixture_tools:title}
  grid: {dims: [3, 4], dtype: int16, call: mixture_tools:grid}
  kind: {dims: [thing], dtype: {enum: [red, green, blue]}, from: '{kind}'}
  number: {dims: [thing], dtype: int64, from: '{number}', check: {unique: true}}
  dense: {dims: [thing, 30, 40], dtype: float32, call: mixture_tools:values}
  mean: {dims: [thing], dtype: float64, from: dense, call: mixture_tools:mean}
  spread: {dims: [thing, 2], dtype: float32, from: [dense, mean], call: mixture_tools:spread}
  loose: {dims: [thing, 5], dtype: int32, call: mixture_tools:values, store: {layout: chunked, chunk: 100B}}
  deflated: {dims: [thing, 9], dtype: uint16, call: mixture_tools:values, store: {codec: default, chunk: 200B}}
  zipped: {dims: [thing, 50], dtype: float64, call: mixture_tools:values, store: {codec: zstd, chunk: 4KiB}}
  quick: {dims: [thing, 8], dtype: int8, call: mixture_tools:values, store: {codec: lzf, chunk: 64B}}
  wave: {dims: [thing, step], dtype: float32, call: mixture_tools:values}
  slope: {dims: [thing, step, 2], dtype: float64, call: mixture_tools:values, store: {codec: default, chunk: 2KiB}}
  peaks: {dims: [thing, peak], dtype: int32, call: mixture_tools:values, optional: true}
  boxes: {dims: [thing, box, 4], dtype: uint8, source: 'boxes/{kind}-{number}.json', call: mixture_tools:boxes,
          optional: true, store: {codec: zstd, chunk: 48B}}
  score: {dims: [thing], dtype: float32, call: mixture_tools:values, optional: true}
  note: {dims: [thing], dtype: str, source: 'notes/{kind}-{number}.txt', call: mixture_tools:text, optional: true}
  rare: {dims: [thing, 12], dtype: float32, call: mixture_tools:values, optional: true}
  code: {dims: [thing], dtype: {str: 12}, from: '{kind}', call: mixture_tools:code}
  mood: {dims: [thing], dtype: category, call: mixture_tools:values, optional: true}
  counts: {dims: [thing, 16], dtype: int16, call: mixture_tools:values, store: {kind: csr, codec: zstd}}
  name: {dims: [page], dtype: str, from: '{name}'}
  letters: {dims: [page, 6], dtype: uint8, call: mixture_tools:letters}
"""

TOOLS = '''\
import json, os, re, signal, time
from pathlib import Path

import numpy as np


def _act(path, what):
    """What a source says that shall happen when it is read."""
    if what == "raise":
        raise ValueError(f"the value of {path.stem} is bad")
    if what == "hang":
        time.sleep(1000)
    if what == "spin":
        while True:
            pass
    if what == "regex":
        re.match("(a+)+$", "a" * 60 + "b")
    if what == "abort":
        os.abort()
    if what == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "leave":
        os._exit(7)
    if what.startswith("once:"):
        try:
            os.close(os.open(what[5:], os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)
    if what.startswith("thrice:"):
        with open(what[7:], "a") as file:
            file.write(".")
        if Path(what[7:]).stat().st_size < 4:
            raise OSError("not yet")


def values(path):
    if "MIXTURE_CALLS" in os.environ:
        with open(os.environ["MIXTURE_CALLS"], "a") as calls:
            calls.write(path.stem + "\\n")
    time.sleep(float(os.environ.get("MIXTURE_PAUSE", "0")))
    said = json.loads(path.read_text())
    _act(path, said.get("do", ""))
    seed = said["seed"]
    rng = np.random.default_rng(seed)
    steps = int(rng.integers(0, 60))
    made = {
        "dense": rng.normal(size=(30, 41 if said.get("do") == "misfit" else 40)).astype("f4"),
        "loose": rng.integers(-99, 99, 5).astype("i4"),
        "deflated": rng.integers(0, 50, 9).astype("u2"),
        "zipped": np.round(rng.normal(size=50), 1),
        "quick": rng.integers(0, 3, 8).astype("i1"),
        "wave": rng.normal(size=steps).astype("f4"),
        "slope": np.round(rng.normal(size=(steps, 2)), 2),
    }
    made["counts"] = np.arange(seed % 5) * 3, np.full(seed % 5, seed, "i2")
    if seed % 6:
        made["mood"] = f"mood {rng.integers(0, 9)}"
    if seed % 3:
        made["peaks"] = rng.integers(0, 1000, seed % 7).astype("i4")
    if seed % 4:
        made["score"] = np.float32(seed / 8)
    if seed > said.get("rare", 25):
        made["rare"] = rng.normal(size=12).astype("f4")
    return made


def mean(dense):
    return float(dense.mean(dtype="f8"))


def spread(dense, mean):
    return np.array([dense.min() - mean, dense.max() - mean], "f4")


def boxes(path):
    return np.array(json.loads(path.read_text()), "u1").reshape(-1, 4)


def text(path):
    return path.read_text()


def code(kind):
    return kind.upper()


def letters(path):
    return np.frombuffer(path.read_bytes()[:6].ljust(6), "u1")


def title():
    return "of every kind"


def grid():
    return np.arange(12, dtype="i2").reshape(3, 4)
'''


def thing(number: int) -> str:
    """The name of a source."""
    return f"{('blue', 'green', 'red')[number * 3 // 100 if number < 99 else 2]}-{number:03}"


def make(folder: Path, count: int, acts: Mapping[int, str] | None = None, *, failing: bool = True) -> Path:
    """Makes sources in a folder, beside the schema, its functions and its package.

    Args:
        folder: Of all of that.
        count: Sources of things, fewer than a hundred.
        acts: What happens when a source is read.
        failing: Whether some sources fail: in the function, by a value that does not fit, by one that is there.
    """
    (folder / "mixture.yaml").write_text(SCHEMA)
    (folder / "mixture_tools.py").write_text(TOOLS)
    for name in ("things", "boxes", "notes", "pages"):
        (folder / "in" / name).mkdir(parents=True)
    for number in range(count):
        what = (acts or {}).get(number, "")
        if failing and not what:
            what = {5: "raise", 9: "misfit"}.get(number % 16, "")
        add(folder, number, what)
    if failing and count > 4:
        (folder / "in/things/red-003.json").write_text(json.dumps({"seed": 1003}))  # 003 is there
    for number in range(7):
        (folder / "in/pages" / f"page{number}.txt").write_text(f"page {number}" * number)
    if not (folder / "mixture").exists():
        pipeline.generate([folder / "mixture.yaml"], folder)
    return folder


def add(folder: Path, number: int, what: str = "") -> None:
    """Makes one source, and its second files."""
    name = thing(number)
    (folder / "in/things" / f"{name}.json").write_text(json.dumps({"seed": number, "do": what}))
    if number % 5 == 0:
        (folder / "in/boxes" / f"{name}.json").write_text(json.dumps(list(range(number % 8 * 4))))
    if number % 3 == 0:
        (folder / "in/notes" / f"{name}.txt").write_text(f"of {number}: " + "é" * (number % 11))


def extraction(folder: Path) -> Any:
    """The extraction of the package in a folder."""
    known = sys.modules.get("mixture")
    if known is None or Path(str(known.__file__)).parent.parent != folder:
        for name in [name for name in sys.modules if name.partition(".")[0] in ("mixture", "mixture_tools")]:
            del sys.modules[name]
    sys.path.insert(0, str(folder))
    try:
        from mixture.extract import extraction as found  # type: ignore[import-not-found]
    finally:
        sys.path.remove(str(folder))
    return found


def verify(folder: Path, target: Path) -> None:
    """Reads a file once, and compares it with its checksums and declarations."""
    with extraction(folder).writer.__mro__[1](target) as file:
        file.verify()


def differences(one: Path, other: Path) -> list[str]:
    """All that two HDF5 files do not have in common, except where it lies in them. Plain h5py."""
    with h5py.File(one) as a, h5py.File(other) as b:
        known, new = dict(_nodes(a)), dict(_nodes(b))
        found = [f"{path}: only in {one.name}" for path in known if path not in new]
        found += [f"{path}: only in {other.name}" for path in new if path not in known]
        for path in known.keys() & new.keys():
            old, now = _described(a[path]), _described(b[path])
            found += [
                f"{path}: {key}: {old.get(key)!r} and {now.get(key)!r}"
                for key in sorted({*old, *now})
                if repr(old.get(key)) != repr(now.get(key))
            ]
    return sorted(found)


def _nodes(file: h5py.File) -> Iterator[tuple[str, Any]]:
    found: list[str] = ["/"]
    file.visit(lambda name: found.append("/" + name))
    return ((path, file[path]) for path in found)


def _described(node: Any) -> dict[str, object]:
    """Everything about a node, as values that can be compared."""
    said: dict[str, object] = {"class": type(node).__name__}
    for name in node.attrs:
        kind = node.attrs.get_id(name)
        said[f"@{name}"] = (kind.shape, str(kind.dtype), _plain(node, node.attrs[name]))
    if isinstance(node, h5py.Dataset):
        made = node.id.get_create_plist()
        filters = [made.get_filter(number) for number in range(made.get_nfilters())]
        said |= {"shape": node.shape, "maxshape": node.maxshape, "dtype": (str(node.dtype), node.dtype.metadata)}
        said |= {"chunks": node.chunks, "filters": filters, "layout": made.get_layout(), "fill": node.fillvalue}
        if node.shape is not None and node.size and not _is_scale_alone(node):
            values = node[()]
            said["values"] = values.tobytes() if not np.asarray(values).dtype.hasobject else np.asarray(values).tolist()
    return said


def _is_scale_alone(node: Any) -> bool:
    return "NAME" in node.attrs and b"not a netCDF variable" in bytes(node.attrs["NAME"])


def _plain(node: Any, value: Any) -> object:
    """References by the names of what they refer to."""
    if isinstance(value, h5py.Reference):
        return node.file[value].name
    if isinstance(value, np.ndarray) and value.dtype.names and "dataset" in value.dtype.names:
        return sorted((node.file[row["dataset"]].name, int(row["dimension"])) for row in value)
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        return [_plain(node, item) for item in value.tolist()]
    if isinstance(value, list | tuple):
        return [_plain(node, item) for item in value]
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def counted(calls: Path) -> dict[str, int]:
    """How often the function was called for each source."""
    names = sorted(calls.read_text().split()) if calls.exists() else []
    return {name: len(list(group)) for name, group in itertools.groupby(names)}
