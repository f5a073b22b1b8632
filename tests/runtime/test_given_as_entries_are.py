"""Many entries at once may be nested as one entry is, and members of enums may be named wherever they stand."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path

import numpy as np
import pytest
from blank import declare

from h5schema.errors import DataError
from h5schema.runtime import Array, Group, IdAxis, Ragged, RaggedAxis, Scalar


class Kind(IntEnum):
    """Of boxes."""

    person = 0
    car = 1


class Labels(Group):
    """Of an image."""

    kinds = Ragged(np.uint8, "image box", enum=Kind)
    pair = Array(np.uint8, "image 2", enum=Kind)


def test_M1_blocks_are_nested_as_entries_are(tmp_path: Path) -> None:
    reader, writer = declare(
        image=IdAxis(dict), box=RaggedAxis(per="image"), size=Scalar(np.int64, "image"), labels=Labels("labels")
    )
    kinds, pair = [["car", "person", "car"], []], [[Kind.car, Kind.person], ["car", "car"]]
    with writer.create(tmp_path / "a.h5") as w:
        w.image.extend(["a", "b"], {"size": [1, 2], "labels": {"kinds": kinds, "pair": pair}})
        w.image.extend(["c"], {"size": [3], "labels/kinds": [np.array(["car"])], "labels/pair": [[0, 1]]})
        w.image["d"] = {"size": 4, "labels": {"kinds": np.array([1, 0], np.uint8), "pair": np.array(["car", "car"])}}
        with pytest.raises(DataError, match="'truck' is not a member of Kind"):
            w.image["e"] = {"size": 4, "labels": {"kinds": ["truck"], "pair": [0, 0]}}
        with pytest.raises(DataError, match="labels/kind is no feature that image leads"):
            w.image.extend(["e"], {"size": [3], "labels": {"kind": [[]], "pair": [[0, 1]]}})
    with reader(tmp_path / "a.h5") as f:
        assert [one.tolist() for one in f.labels.kinds] == [[1, 0, 1], [], [1], [1, 0]]
        assert f.labels.pair[:].tolist() == [[1, 0], [1, 1], [0, 1], [1, 1]]
        assert list(f.size) == [1, 2, 3, 4]
