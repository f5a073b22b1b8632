"""Other schemas in groups of one: written, extracted, read by ours and by h5py, fed to a model."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import h5py
import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="loaders need torch")

from h5schema import cli, pipeline  # noqa: E402
from h5schema.errors import DataError, SchemaError  # noqa: E402

CASES = Path(__file__).resolve().parent.parent / "cases"
HEAD = "h5schema: 1\nname: {}\nversion: 1.0.0\n"

STUDY = f"""{HEAD.format("study")}dims:
  patient: {{ids: true}}
  site: 3
  beat: {{per: patient}}
features:
  score: {{dims: [second/scan], dtype: float32}}
groups:
  first: {{use: sub/scans.yaml, at: raw/first}}
  second: {{use: sub/scans.yaml, doc: Those that were graded.}}
  heart: {{use: {{schema: sub/signal.yaml, dims: {{one: patient, sample: beat, parts/lead: site}}}}}}
  other: {{use: sub/signal.yaml}}
loaders:
  scans: {{over: first/scan, inputs: {{kind: first/kind, pixels: first/pixels}}, batch: 2}}
  beats: {{over: beat, window: {{beat: {{length: 2}}}}, inputs: heart/wave, batch: 1}}
"""
SCANS = f"""{HEAD.format("scans")}doc: Scans of a hospital.
dims: {{scan: open, row: {{per: scan}}}}
features:
  pixels: {{dims: [scan, row, 2], dtype: uint8, at: /deep/pixels}}
  kind: {{dims: [scan], dtype: {{enum: [ct, mr]}}}}
  made: {{dtype: str, at: '@made', optional: true}}
groups:
  inner: {{use: {{schema: ../notes.yaml, dims: {{about: scan}}}}}}
splits:
  halves: {{over: scan, by: kind, parts: {{train: [ct], test: [mr]}}}}
"""
NOTES = f"""{HEAD.format("notes")}dims: {{about: open}}
features: {{text: {{dims: [about], dtype: str}}}}
"""
SIGNAL = f"""{HEAD.format("signals")}dims: {{one: {{ids: true}}, sample: {{per: one}}}}
features:
  wave: {{dims: [one, sample, parts/lead], dtype: float32}}
groups:
  parts:
    dims: {{lead: 3}}
    features: {{names: {{dims: [lead, 4], dtype: uint8}}}}
"""


def package(folder: Path, name: str) -> ModuleType:
    pipeline.generate([folder / f"{name}.yaml"], folder)
    sys.path.insert(0, str(folder))
    return importlib.import_module(name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("mounted")
    for case in ("photo_splits", "multiome"):
        for path in (CASES / f"package_{case}").glob("*.yaml"):
            shutil.copy(path, folder / (f"{case}.yaml" if path.stem == "schema" else path.name))
    (folder / "sub").mkdir()
    for name, text in {"study": STUDY, "sub/scans": SCANS, "notes": NOTES, "sub/signal": SIGNAL}.items():
        (folder / f"{name}.yaml").write_text(text)
    known = list(sys.path)
    yield folder
    sys.path[:] = known


def test_two_splits_are_extracted_from_folders_called_as_their_groups(folder: Path) -> None:
    made = package(folder, "photo_splits")
    for place, grey in (("train/cat/1", 10), ("train/dog/2", 20), ("train/dog/3", 30), ("test/cat/4", 40)):
        path = folder / f"pictures/{place}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((32, 32, 3), grey, np.uint8)).save(path)
    target = folder / "photos.h5"
    importlib.import_module("photo_splits.extract").extraction.run([folder / "pictures"], target)

    with made.PhotoSplits(target) as f:
        assert list(f.train.photo) == ["train/cat/1.jpg", "train/dog/2.jpg", "train/dog/3.jpg"]
        assert f.test.photo["test/cat/4.jpg"]["label"].name == "cat"
        assert type(f.train.label[0]) is type(f.test.label[0])
        assert type(f.train) is type(f.test)
        f.verify()
        read = f.train.image[:]
    with h5py.File(target) as plain:
        np.testing.assert_array_equal(plain["train/image"][()], read)
        assert plain["train/image"].shape == (3, 32, 32, 3)
        assert plain["test/label"][()].tolist() == [0]
        assert plain["train/image"].dims[0][0].name == "/train/photo"
    feed = importlib.import_module("photo_splits.loaders").train_loader(target)
    assert [batch.label.tolist() for batch in feed] == [[0, 1, 1]]


def test_the_package_alone_extracts_what_its_schema_mounts(folder: Path, tmp_path: Path) -> None:
    package(folder, "photo_splits")
    alone = tmp_path / "alone"
    shutil.copytree(folder / "photo_splits", alone)
    path = folder / "pictures/train/cat/1.jpg"
    other = folder / "more/test/cat/1.jpg"
    for one in (path, folder / "more/train/cat/1.jpg", other):
        one.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((32, 32, 3), 7, np.uint8)).save(one)
    assert cli.main(["extract", str(alone / "schema.yaml"), str(folder / "more"), "-o", str(tmp_path / "a.h5")]) == 0
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["/.h5schema/schema"][()].decode() == (folder / "photo_splits/schema.yaml").read_text()
    assert cli.main(["inspect", str(tmp_path / "a.h5")]) == 0


def test_modalities_share_their_cells(folder: Path) -> None:
    made = package(folder, "multiome")
    target = folder / "cells.h5"
    counts, peaks = np.array([[0, 1], [2, 0], [0, 0]], np.float32), np.arange(9, dtype=np.float32).reshape(3, 3)
    with made.MultiomeWriter.create(target) as w:
        w.rna.gene.extend(["g1", "g2"], {"genes/symbol": ["A", "B"]})
        w.atac.peak.extend(["p1", "p2", "p3"], {"peaks/chrom": ["1", "1", "2"]})
        for at, cell in enumerate(("a", "b", "c")):
            w.cell[cell] = {
                "rna": {"counts": counts[at], "quality": {"total": counts[at].sum()}},
                "atac": {"counts": peaks[at], "quality": {"total": peaks[at].sum()}},
            }
    with made.Multiome(target) as f:
        assert f.cell["b"]["rna"]["counts"].dense().tolist() == [2, 0]
        assert f.rna.genes.symbol["g2"] == "B"
        assert f.atac.quality.total[:].tolist() == [3, 12, 21]
        np.testing.assert_array_equal(f.rna.by_gene[:].dense(), counts.T)
        f.verify()
    with h5py.File(target) as plain:
        group = plain["rna/counts"]
        assert group["indptr"][()].tolist() == [0, 1, 2, 2]
        assert plain["rna/quality/total"].dims[0][0] == plain["atac/quality/total"].dims[0][0] == plain["cell"]
        assert "cell" not in plain["rna"]
    (batch,) = importlib.import_module("multiome.loaders").both_loader(target)
    np.testing.assert_array_equal(batch["rna"].numpy(), counts)
    np.testing.assert_array_equal(batch["atac"].numpy(), peaks)
    with made.MultiomeWriter.edit(target) as w:
        w.rna.quality.total["b"] = 8
        w.atac.peak.rename("p3", "p4")
    with made.Multiome(target) as f:
        assert (f.rna.quality.total["b"], list(f.atac.peak)) == (8, ["p1", "p2", "p4"])
        f.verify()


def test_mounts_in_mounts_places_from_their_root_and_names_of_their_own(folder: Path) -> None:
    made = package(folder, "study")
    target = folder / "study.h5"
    scan = {"pixels": np.ones((2, 2), np.uint8), "kind": "ct", "inner": {"text": "well"}}
    with made.StudyWriter.create(target) as w:
        w.first.made = "here"
        w.first.scan.append(scan)
        w.first.scan.append({**scan, "pixels": np.zeros((3, 2), np.uint8), "kind": "mr"})
        w.second.scan.append({**scan, "score": 0.5})
        w.heart.parts.names = np.zeros((3, 4), np.uint8)
        w.other.parts.names = np.ones((3, 4), np.uint8)
        w.patient["p"] = {"heart": {"wave": np.arange(12, dtype=np.float32).reshape(4, 3)}}
        w.other.one["q"] = {"wave": np.zeros((1, 3), np.float32)}
    with made.Study(target) as f:
        assert f.first.pixels[1].shape == (3, 2)
        assert (f.first.made[()], f.second.made[()]) == ("here", None)
        assert f.second.scan[0]["score"] == 0.5
        assert f.first.inner.text[1] == "well"
        assert f.heart.wave["p"].shape == (4, 3)
        f.verify()
    with h5py.File(target) as plain:
        assert plain["raw/first/deep/pixels"].shape == (5, 2)
        assert plain["raw/first"].attrs["made"] == b"here"
        assert plain["second/deep/pixels"].shape == (2, 2)
        assert plain["/.h5schema/dims/beat/lengths"][()].tolist() == [4]
    feeds = importlib.import_module("study.loaders")
    (batch,) = feeds.scans_loader(target)
    assert batch["pixels"].lengths.tolist() == [2, 3]
    assert [one.shape for one in feeds.beats_loader(target)] == [(1, 2, 3), (1, 2, 3)]
    with pytest.raises(DataError), made.StudyWriter.edit(target) as w:
        w.patient["r"] = {"heart": {"wave": np.zeros((4, 2), np.float32)}}


def test_a_mounted_schema_is_as_if_it_were_written_there(folder: Path) -> None:
    """The fingerprint covers what is mounted, and nothing else of it."""
    by_hand = (folder / "photos.yaml").read_text().split("dims:\n")[1].split("loaders:")[0]
    inside = "\n".join(f"    {line}" for line in f"dims:\n{by_hand}".splitlines())
    text = HEAD.format("photo_splits") + f"groups:\n  train:\n{inside}\n  test:\n{inside}\n"
    (folder / "hand.yaml").write_text(text.replace("{source: '", "{source: 'train/"))
    mounted, written = pipeline.compiled(
        [(path, path.read_bytes()) for path in (folder / "photo_splits.yaml", folder / "hand.yaml")]
    ).values()
    assert mounted.fingerprint == written.fingerprint

    photos = folder / "photos.yaml"
    known = photos.read_text()
    before = pipeline.generate([folder / "photo_splits.yaml"], folder)[0]
    assert pipeline.generate([folder / "photo_splits.yaml"], folder)[0].plan is None, "it is recognised"
    try:
        photos.write_text(known.replace("dtype: uint8", "dtype: uint16, optional: true").replace("call: image,", ""))
        with pytest.raises(SchemaError, match=r"photos\.yaml:7:69: .*params"):
            pipeline.generate([folder / "photo_splits.yaml"], folder)
        photos.write_text(known.replace("[cat, dog]", "[cat, dog, emu]"))
        after = pipeline.generate([folder / "photo_splits.yaml"], folder)[0]
        assert after.plan is not None
        assert {one.path.name for one in after.plan.pending} >= {"groups.py", "schema.yaml"}
    finally:
        photos.write_text(known)
    assert before.folder == after.folder


def test_nothing_depends_on_the_folder(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (*folder.glob("*.yaml"), *folder.glob("sub/*.yaml")):
        target = tmp_path / "elsewhere" / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    monkeypatch.chdir(tmp_path / "elsewhere")
    here = pipeline.generate([Path("study.yaml")], tmp_path / "out")[0]
    there = pipeline.generate([folder / "study.yaml"], tmp_path / "other")[0]
    names = [path.name for path in here.folder.iterdir() if path.is_file()]
    assert "groups.py" in names
    for name in names:
        assert (here.folder / name).read_bytes() == (there.folder / name).read_bytes()
    shutil.copytree(here.folder, tmp_path / "kept")
    again = pipeline.generate([tmp_path / "kept/schema.yaml"], tmp_path / "again")[0]
    for name in ("groups.py", "loaders.py", "schema.yaml"):  # from its own text: nothing lies beside it
        made, kept = (again.folder / name).read_text(), (here.folder / name).read_text()
        assert made.replace("schema.yaml", "study.yaml") == kept.replace("schema.yaml", "study.yaml")


def test_a_mistake_in_a_text_that_came_along_is_told_in_its_line(folder: Path, tmp_path: Path) -> None:
    package(folder, "photo_splits")
    text = (folder / "photo_splits/schema.yaml").read_text()
    broken = tmp_path / "broken.yaml"
    broken.write_text(text.replace("dims: [photo, 32", "dims: [foto, 32"))
    line = 1 + text.split("dims: [photo, 32")[0].count("\n")
    (problem,) = pipeline.lint({broken: broken.read_bytes()})
    assert (problem.location.file, problem.location.line) == (str(broken), line)
    assert problem.text.strip().startswith("image: {dims: [foto")


def test_a_schema_that_mounts_more_and_more_is_refused(tmp_path: Path) -> None:
    for level in range(3):
        inner = "".join(f"  g{at}: {{use: s{level + 1}.yaml}}\n" for at in range(24))
        (tmp_path / f"s{level}.yaml").write_text(HEAD.format(f"s{level}") + f"groups:\n{inner}")
    (tmp_path / "s3.yaml").write_text(NOTES)
    with pytest.raises(SchemaError, match="more than 10000 dims, features and groups"):
        pipeline.compiled([(tmp_path / "s0.yaml", (tmp_path / "s0.yaml").read_bytes())])
    for level in range(20):
        (tmp_path / f"t{level}.yaml").write_text(HEAD.format("t") + f"groups: {{a: {{use: t{level + 1}.yaml}}}}\n")
    with pytest.raises(SchemaError, match="more than 16 schemas mount each other"):
        pipeline.compiled([(tmp_path / "t0.yaml", (tmp_path / "t0.yaml").read_bytes())])
