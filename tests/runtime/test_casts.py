"""What is stored as one dtype is loaded as another: every pair, by a table, with every value kept or refused."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="loaders need torch")

from blank import declare  # noqa: E402
from making import extracted  # noqa: E402

from h5schema import parse, spec  # noqa: E402
from h5schema.errors import DataError  # noqa: E402
from h5schema.resolve import resolve  # noqa: E402
from h5schema.runtime import Axis, Batch, Bytes, Plan, Ragged, RaggedAxis, Scalar, Take, Text  # noqa: E402
from h5schema.runtime.torch import Loader  # noqa: E402

TABLE = """
bool       =kkkkkkkkkkkkkk
int8       .=kkkcccckkkkkk
int16      .c=kkcccccckkkk
int32      .cc=kccccccckck
int64      .ccc=cccccccccc
uint8      .ckkk=kkkkkkkkk
uint16     .cckkc=kkcckkkk
uint32     .ccckcc=kccckck
uint64     .ccccccc=cccccc
float16    .........=rkkkk
bfloat16   .........r=kkkk
float32    .........rr=kkk
float64    .........rrr=.k
complex64  .............=k
complex128 .............r=
"""
"""Stored (rows) and loaded: kept by every value, checked for each, rounded, or not to be asked for."""

NAMES = [line.split()[0] for line in TABLE.split("\n") if line]
HOW = {
    (stored, loaded): how
    for stored, row in (line.split() for line in TABLE.split("\n") if line)
    for loaded, how in zip(NAMES, row, strict=True)
}
DIGITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53, "complex64": 24, "complex128": 53}
LARGEST = {
    "float16": 65504.0,
    "bfloat16": (2 - 2.0**-7) * 2.0**127,
    "float32": float(np.finfo("f4").max),
    "float64": float(np.finfo("f8").max),
}
"""Largest finite values."""

SCHEMA = """
h5schema: 1
name: casts
version: 1.0.0
dims: {{row: open}}
features: {{x: {{dims: [row], dtype: {stored}}}}}
loaders: {{fed: {{over: row, inputs: {{feature: x, dtype: {loaded}}}}}}}
"""


@pytest.mark.parametrize("stored", NAMES)
def test_T9_which_casts_a_loader_may_ask_for(stored: str) -> None:
    for loaded in NAMES:
        text = SCHEMA.format(stored=stored, loaded=loaded)
        done = resolve(spec.read(parse.load(text, "schema.yaml")), "schema.yaml")
        if HOW[stored, loaded] != ".":
            assert done.problems == (), (stored, loaded)
            continue
        (problem,) = done.problems
        assert (problem.rule, problem.severity) == ("dtype", "error")
        assert problem.message == f"`x` is {stored}: it cannot be loaded as {loaded}"
        assert problem.help == f"leave `dtype` out: then it is loaded as {stored}"


def values_of(stored: str) -> np.ndarray[Any, Any]:
    """Values that fit everywhere first; then those at the ends of every dtype."""
    if stored == "bool":
        return np.array([True, False])
    if stored in DIGITS:
        part = {"complex64": "float32", "complex128": "float64"}.get(stored, stored)
        digits = DIGITS[stored]
        single = np.float32 if part == "bfloat16" else np.dtype(part).type
        reals = [0.0, -0.0, 1.0, -2.0, 1 + 2.0 ** (1 - digits), 255.0, LARGEST[part], math.inf, -math.inf, math.nan]
        reals += [value for value in (65504.0, 65536.0, 2.0**127, 1e300) if value <= LARGEST[part]]
        made = np.array([value for value in reals if stored != "bfloat16" or value != 65504.0], single)
        if not stored.startswith("complex"):
            return made
        pairs = np.empty(len(made), stored)
        pairs.real, pairs.imag = made, made[::-1]
        return pairs
    info = np.iinfo(stored)
    powers = [2**n + more for n in (7, 8, 11, 15, 16, 24, 31, 32, 53, 63, 64) for more in (-1, 0, 1)]
    wide = [0, 1, 2, *powers, *(-power for power in powers)]
    return np.array([value for value in wide if info.min <= value <= info.max], stored)


def expected(value: Any, stored: str, loaded: str) -> Any:
    """The exact value that is loaded; None: it must be refused."""
    if loaded == "bool":
        return value
    if loaded not in DIGITS:
        info = np.iinfo(loaded)
        return int(value) if info.min <= int(value) <= info.max else None
    if stored.startswith("complex"):
        part = "float32" if loaded == "complex64" else "float64"
        parts = [expected(one, "float64", part) for one in (float(value.real), float(value.imag))]
        return None if None in parts else complex(*parts)
    if loaded.startswith("complex"):
        loaded = "float32" if loaded == "complex64" else "float64"
    if stored not in DIGITS:  # whole numbers: exact, or nothing
        number = int(value)
        odd = number // (number & -number) if number else 0
        fits = abs(odd).bit_length() <= DIGITS[loaded] and abs(number) <= Fraction(LARGEST[loaded])
        return float(number) if fits else None
    real = float(value)
    if not math.isfinite(real) or real == 0:
        return real
    step = Fraction(2) ** (max(math.frexp(real)[1], -125 if loaded != "float16" else -13) - DIGITS[loaded])
    near = round(Fraction(real) / step) * step if loaded != "float64" else Fraction(real)
    return float(near) if abs(near) <= Fraction(LARGEST[loaded]) else None


def alike(one: Any, other: Any) -> bool:
    """Equal, NaN too, and zeros of one sign."""
    if isinstance(one, complex):
        return alike(one.real, other.real) and alike(one.imag, other.imag)
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or (
            one == other and math.copysign(1, one) == math.copysign(1, other)
        )
    return bool(one == other)


@pytest.mark.parametrize("stored", NAMES)
def test_T9_every_value_of_every_cast_is_kept_or_refused(tmp_path: Path, stored: str) -> None:
    make: Any = Scalar
    kept = {"stored": stored} if stored == "bfloat16" else {}
    values = values_of(stored)
    reader, writer = declare(row=Axis(dict), x=make(values.dtype.type, "row", **kept))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": values})
    refused = dict.fromkeys(NAMES, 0)
    for loaded in NAMES:
        if HOW[stored, loaded] == ".":
            continue
        plan = Plan(over="row", sample=Take("x", dtype=loaded), batch=Batch(1))
        data = type("Fed", (Loader,), {"file": reader, "plan": plan})(tmp_path / "a.h5")
        for row, value in enumerate(values):
            wanted = expected(value, stored, loaded)
            if wanted is not None:
                (batch,) = [data.__getitems__([row])]
                found = batch.batch if hasattr(batch, "batch") else batch
                assert found.dtype == getattr(torch, loaded), (stored, loaded)
                got = complex(found[0].item()) if loaded.startswith("complex") else found[0].item()
                assert alike(complex(wanted) if isinstance(got, complex) else wanted, got), (stored, loaded, value)
                continue
            refused[loaded] += 1
            with pytest.raises(DataError) as error:
                data.__getitems__([row])
            assert f"/x, row {row}: {value} of {_name(stored)} changes as {loaded}\n" in str(error.value)
            assert "help: load a wider dtype" in str(error.value)
    for loaded in NAMES:
        if HOW[stored, loaded] in "=k":
            assert not refused[loaded], (stored, loaded)
        elif HOW[stored, loaded] == "c":
            assert refused[loaded], (stored, loaded)


def _name(stored: str) -> str:
    return "float32" if stored == "bfloat16" else stored


def test_T9_bool_stored_int64_loaded(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), x=Scalar(np.bool_, "row"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": np.array([True, False, True])})
    plan = Plan(over="row", sample=Take("x", dtype="int64"), batch=Batch(3))
    (batch,) = list(type("Fed", (Loader,), {"file": reader, "plan": plan}).loader(tmp_path / "a.h5"))
    assert (batch.dtype, batch.tolist()) == (torch.int64, [1, 0, 1])


TEXTS = """
h5schema: 1
name: casts_of_texts
version: 1.0.0
dims:
  file: {source: '{name}.txt'}
features:
  raw: {dims: [file], dtype: bytes, call: bytes}
  name: {dims: [file], dtype: str, from: '{name}'}
  short: {dims: [file], dtype: {bytes: 4}, call: 'casts_of_texts_io:short', from: raw}
loaders:
  texts:
    over: file
    inputs: {raw: {feature: raw, dtype: str}, name: {feature: name, dtype: bytes}, short: {feature: short, dtype: str}}
    batch: 3
"""
FUNCTIONS = """
def short(raw):
    return raw[:1]
"""


def test_T9_bytes_stored_str_loaded_and_back(tmp_path: Path) -> None:
    made = extracted(tmp_path, TEXTS, FUNCTIONS, {"ä.txt": "Grüße\0".encode(), "b.txt": b"", "c.txt": b"x"})
    assert "raw: list[str]" in (tmp_path / "casts_of_texts" / "loaders.py").read_text(encoding="utf-8")
    (batch,) = list(made.loaders.Texts.loader(made.path))
    assert batch == {"raw": ["", "x", "Grüße\0"], "name": [b"b", b"c", "ä".encode()], "short": ["", "x", "G"]}


def test_T9_bytes_that_are_no_str(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), x=Bytes("row"), y=Text("row"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": [b"good", b"\xc3", b"\xbc"], "y": ["ü"] * 3})
    plan = Plan(over="row", sample=Take("x", dtype="str"), batch=Batch(3))
    data = type("Fed", (Loader,), {"file": reader, "plan": plan})(tmp_path / "a.h5")
    with pytest.raises(DataError) as refused:
        data.__getitems__([0, 1, 2])
    assert str(refused.value).endswith(
        "a.h5: /x, row 1: byte 0 is no utf-8, so there is no str of it\n  help: load it as bytes: leave `dtype` out"
    )


def test_T9_one_part_of_a_complex_number_that_would_become_infinite(tmp_path: Path) -> None:
    _, writer = declare(row=Axis(dict), x=Scalar(np.complex64, "row"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.append({"x": complex(math.inf, 1)})
        for value in (complex(1e300, math.inf), complex(math.nan, -1e300)):
            with pytest.raises(DataError, match="would become infinite as complex64"):
                w.row.append({"x": value})


@pytest.mark.parametrize("ragged", [False, True])
def test_the_entry_of_a_value_that_changes_is_named(tmp_path: Path, ragged: bool) -> None:
    feature: Any = Ragged(np.int64, "row time") if ragged else Scalar(np.int64, "row")
    dims: Any = {"row": Axis(dict), "time": RaggedAxis(per="row")} if ragged else {"row": Axis(dict)}
    reader, writer = declare(**dims, x=feature)
    values = [300 if row == 20 else 1 for row in range(30)]
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": [np.full(3, one) for one in values] if ragged else np.array(values)})
    plan = Plan(over="row", sample=Take("x", dtype="uint8"), batch=Batch(8))
    kind: Any = type("Fed", (Loader,), {"file": reader, "plan": plan})
    with pytest.raises(DataError, match="/x, row 20: 300 of int64 changes as uint8\n"):
        list(kind.loader(tmp_path / "a.h5"))
