"""How long a large schema takes; shown with `pytest -s`, and nothing depends on it."""

from __future__ import annotations

import time

from h5schema import parse, spec


def test_a_thousand_features() -> None:
    lines = ["h5schema: 1", "name: big", "version: 1.0.0", "dims: {photo: open}", "features:"]
    lines += [f"  f{n}: {{dims: [photo, 32], dtype: float32, unit: m, doc: Number {n}.}}" for n in range(1000)]
    text = "\n".join(lines)
    spec.read(parse.load("h5schema: 1\n", "a.yaml"))  # the models are built once
    started = time.perf_counter()
    parsed = parse.load(text, "a.yaml")
    between = time.perf_counter()
    reading = spec.read(parsed)
    ended = time.perf_counter()
    print(f"\n1000 features: parse {1e3 * (between - started):.0f} ms, spec {1e3 * (ended - between):.0f} ms")
    assert reading.problems == ()
    assert len(reading.schema.features) == 1000


def test_a_thousand_mistakes() -> None:
    lines = ["h5schema: 1", "name: big", "version: 1.0.0", "features:"]
    lines += [f"  f{n}: {{dtype: uint9, unti: m}}" for n in range(1000)]
    started = time.perf_counter()
    reading = spec.read(parse.load("\n".join(lines), "a.yaml"))
    print(f"\n1000 broken features: {1e3 * (time.perf_counter() - started):.0f} ms")
    assert len(reading.problems) == 2000
