"""An id, or a value, that a part of a split lists and no entry has is refused: it may be a slip."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blank import declare

from h5schema.errors import DataError
from h5schema.runtime import Among, Enumerated, IdAxis, Scalar, Split, Text


class Site(IntEnum):
    """North has no scans yet."""

    north = 0
    south = 1


def splits_of(path: Path, count: int = 50, **parts: Among) -> Any:
    """A file with a split by ids, and one by each feature; `parts` are of all of them."""
    by = {name: Split("scan", parts, by=name) for name in ("patient", "session", "site", "healthy", "dose")}
    reader, writer = declare(
        scan=IdAxis(dict),
        patient=Text("scan"),
        session=Scalar(np.uint8, "scan"),
        dose=Scalar(np.float32, "scan"),
        site=Enumerated(Site, "scan"),
        healthy=Scalar(np.bool_, "scan"),
        splits={"chosen": Split("scan", parts), **by},
    )
    with writer.create(path / "scans.h5", overwrite=True) as w:
        w.scan.extend(
            [f"scan_{i:04}" for i in range(count)],
            {
                "patient": [f"patient {i % 7}" for i in range(count)],
                "session": np.arange(count, dtype=np.uint8) % 3,
                "dose": (np.arange(count, dtype=np.float32) % 3) / np.float32(10),
                "site": [Site.south] * count,
                "healthy": np.ones(count, bool),
            },
        )
    return reader(path / "scans.h5")


def words(file: Any, part: str) -> str:
    """In which words a part is refused."""
    with pytest.raises(DataError) as caught:
        file.split(part)
    return str(caught.value)


def test_an_id_that_no_entry_has(tmp_path: Path) -> None:
    with splits_of(tmp_path, test=Among("scan_0007", "scna_0012"), train=Among("scan_0001")) as f:
        assert words(f, "chosen/test") == (
            f"{tmp_path}/scans.h5: scan: part test of split chosen: no entry has the id 'scna_0012'\n"
            "  help: did you mean 'scan_0012'? Change it in the schema"
        )
        assert f.split("chosen/train").tolist() == [1], "a part without a slip is what it says"


def test_an_id_like_no_other_and_more_of_them(tmp_path: Path) -> None:
    with splits_of(tmp_path, test=Among("scan_0007", "Q", "R", "S")) as f:
        text = words(f, "chosen/test")
    assert "no entry has the id 'Q' (nor 2 more that it lists)" in text
    assert "take it out until there is such an entry" in text


def test_the_nearest_of_many_ids(tmp_path: Path) -> None:
    with splits_of(tmp_path, 9000, test=Among("scan_08x77")) as f:
        assert "did you mean 'scan_0877'?" in words(f, "chosen/test")


def test_values_of_a_feature(tmp_path: Path) -> None:
    with splits_of(tmp_path, test=Among("patient 3", "patinet 4")) as f:
        text = words(f, "patient/test")
    assert "part test of split patient: no entry has the patient 'patinet 4'" in text
    assert "did you mean 'patient 4'?" in text
    with splits_of(tmp_path, test=Among(2, 7)) as f:
        assert "no entry has the session 7\n" in words(f, "session/test")
    with splits_of(tmp_path, test=Among(0.1, 0.2)) as f:
        assert len(f.split("dose/test")) == 33, "0.1 is meant in the precision of the feature"
    with splits_of(tmp_path, test=Among(0.1, 0.3)) as f:
        assert "no entry has the dose 0.3" in words(f, "dose/test")


def test_values_that_the_schema_knows_need_not_come(tmp_path: Path) -> None:
    """A slip in the name of a member is refused when the schema is read; a value of bool is no slip."""
    with splits_of(tmp_path, north=Among("north"), south=Among("south")) as f:
        assert f.split("site/north").tolist() == []
        assert len(f.split("site/south")) == 50
    with splits_of(tmp_path, well=Among(True), ill=Among(False)) as f:
        assert f.split("healthy/ill").tolist() == []


def test_what_a_loader_leaves_out_is_not_unknown(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from h5schema.runtime import Batch, Plan, Position
    from h5schema.runtime.torch import Loader

    file = splits_of(tmp_path, test=Among("scan_0007", "scan_0008", "scan_0009"))
    plan = Plan(over="scan", sample=Position("scan"), split="chosen/test", where={"session": Among(1)}, batch=Batch(10))
    one: Any = type("One", (Loader,), {"file": type(file), "plan": plan})
    assert one(file.path).rows.tolist() == [7]
    assert one(file.path, subset=["scan_0007", "scan_0008"]).rows.tolist() == [7]
