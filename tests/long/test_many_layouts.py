"""Thousands of layouts of a dataset, by the measure of `tests/runtime/test_direct_carrier.py`."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "runtime"))

from test_direct_carrier import ACCESS, layouts, read_as_written

from h5schema.runtime.spans import Access


@settings(
    deadline=None, derandomize=False, max_examples=10_000, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(how=layouts(), data=st.data(), access=st.sampled_from(ACCESS), threads=st.sampled_from([1, 2]))
def test_many_layouts(
    tmp_path: Path, how: dict[str, object], data: st.DataObject, access: Access, threads: int
) -> None:
    read_as_written(tmp_path / "a.h5", how, data, access=access, threads=threads)
