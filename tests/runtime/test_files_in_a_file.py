"""Arrays that are kept as files are: JPEG, PNG and FLAC, byte for byte, decoded when they are read."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import soundfile
from blank import declare
from hypothesis import given
from hypothesis import strategies as st
from making import extracted
from PIL import Image

from h5schema.errors import DataError, UsageError
from h5schema.runtime import Array, Axis, Files, IdAxis, Maybe, RaggedAxis, optional

RNG = np.random.default_rng(5)
SHAPES = [(4, 6, 3), (9, 1, 3), (16, 16, 3)]
PICTURES = [RNG.integers(0, 256, shape).astype(np.uint8) for shape in SHAPES]


def encoded(pixels: np.ndarray, form: str, **options: Any) -> bytes:
    made = io.BytesIO()
    Image.fromarray(pixels).save(made, form, **options)
    return made.getvalue()


def decoded(file: bytes, mode: str = "RGB") -> np.ndarray:
    with Image.open(io.BytesIO(file)) as image:
        return np.asarray(image.convert(mode))


JPEGS = [encoded(pixels, "JPEG", quality=q) for pixels, q in zip(PICTURES, (30, 75, 95), strict=True)]


def pictures(form: str, *, quality: int | None = None, more: bool = False) -> tuple[Any, Any]:
    declared: dict[str, Any] = {
        "photo": IdAxis(dict),
        "height": RaggedAxis(per="photo"),
        "width": RaggedAxis(per="photo"),
        "pixels": optional(Files(np.uint8, "photo height width 3", form=form, quality=quality)),
    }
    if more:
        from h5schema.runtime import Ragged

        declared["mask"] = Ragged(np.bool_, "photo height width")
    return declare(**declared)


def test_M17_files_are_kept_byte_for_byte(tmp_path: Path) -> None:
    reader, writer = pictures("jpeg")
    with writer.create(tmp_path / "a.h5") as w:
        w.photo.extend(["a", "b", "c", "none"], {"pixels": [*JPEGS, None]})
    with reader(tmp_path / "a.h5") as f:
        for name, file in zip("abc", JPEGS, strict=True):
            assert np.array_equal(f.pixels[name], decoded(file))
        assert f.pixels["none"] is None
        assert [one if one is None else one.shape for one in f.pixels] == [*SHAPES, None]
        f.verify()
    with h5py.File(tmp_path / "a.h5") as plain:
        flat, starts = plain["pixels"][:], plain["/.h5schema/features/pixels/starts"][:]
        lengths = plain["/.h5schema/features/pixels/lengths"][:]
        assert plain["pixels"].attrs["encoding"] == "jpeg"
        for i, file in enumerate(JPEGS):
            assert flat[starts[i] : starts[i] + lengths[i]].tobytes() == file


@given(shapes=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=6), alpha=st.booleans())
def test_M17_png_gives_back_every_pixel(tmp_path: Path, shapes: list[tuple[int, int]], alpha: bool) -> None:
    channels = 4 if alpha else 3
    reader, writer = declare(
        photo=Axis(dict),
        height=RaggedAxis(per="photo"),
        width=RaggedAxis(per="photo"),
        pixels=Files(np.uint8, f"photo height width {channels}", form="png"),
    )
    given_ = [
        np.random.default_rng(i).integers(0, 256, (*shape, channels)).astype(np.uint8) for i, shape in enumerate(shapes)
    ]
    with writer.create(tmp_path / "a.h5", overwrite=True) as w:
        w.photo.extend({"pixels": given_})
    with reader(tmp_path / "a.h5") as f:
        assert all(np.array_equal(one, other) for one, other in zip(f.pixels, given_, strict=True))
        assert len(f.pixels) == len(shapes)


def test_images_of_one_size_are_one_array(tmp_path: Path) -> None:
    reader, writer = declare(
        photo=Axis(dict),
        grey=Files(np.uint8, "photo 5 4", form="png"),
        color=Files(np.uint8, "photo 5 4 3", form="png"),
    )
    grey, color = RNG.integers(0, 256, (7, 5, 4)).astype(np.uint8), RNG.integers(0, 256, (7, 5, 4, 3)).astype(np.uint8)
    with writer.create(tmp_path / "a.h5") as w:
        w.photo.extend({"grey": grey, "color": color})
    with reader(tmp_path / "a.h5") as f:
        assert np.array_equal(f.grey[:].decoded(), grey)
        assert np.array_equal(f.color[[6, 0, 6]].decoded(), color[[6, 0, 6]])


def test_nothing_is_lost_without_a_quality(tmp_path: Path) -> None:
    _, writer = pictures("jpeg")
    with writer.create(tmp_path / "a.h5") as w:
        for file in (PICTURES[0], encoded(PICTURES[0], "PNG")):
            with pytest.raises(DataError, match="encoding it as one would lose something") as caught:
                w.photo["a"] = {"pixels": file}
        assert "store: png" in str(caught.value)
        w.photo["a"] = {"pixels": JPEGS[0]}
    reader, writer = pictures("jpeg", quality=95)
    with writer.create(tmp_path / "b.h5") as w:
        w.photo["a"] = {"pixels": PICTURES[2]}
        w.photo["b"] = {"pixels": JPEGS[0]}
    with reader(tmp_path / "b.h5") as f:
        assert np.array_equal(f.pixels["a"], decoded(encoded(PICTURES[2], "JPEG", quality=95)))
        assert np.array_equal(f.pixels["b"], decoded(JPEGS[0]))  # not encoded anew


@pytest.mark.parametrize(
    ("file", "why"),
    [
        (JPEGS[0][:40], "does not decode|no image"),
        (b"", "no image"),
        (b"GIF89a", "no image"),
        (PICTURES[0].astype(np.float32), "float32, and uint8 does not hold"),
        (PICTURES[0][..., :2], r"the shape is \[4, 6, 2\]"),
        (PICTURES[0][0], r"the shape is \[6, 3\]"),
    ],
    ids=["cut", "empty", "other", "floats", "two channels", "one axis less"],
)
def test_what_is_no_such_file_is_refused(tmp_path: Path, file: Any, why: str) -> None:
    _, writer = pictures("png")
    with writer.create(tmp_path / "a.h5") as w, pytest.raises(DataError, match=why):
        w.photo["a"] = {"pixels": file}


def test_sizes_are_those_of_other_features(tmp_path: Path) -> None:
    reader, writer = pictures("png", more=True)
    masks = [np.zeros(shape[:2], bool) for shape in SHAPES]
    with writer.create(tmp_path / "a.h5") as w:
        w.photo.extend(list("abc"), {"pixels": PICTURES, "mask": masks})
        with pytest.raises(DataError, match="both run over"):
            w.photo["d"] = {"pixels": PICTURES[0], "mask": masks[1]}
    with reader(tmp_path / "a.h5") as f:
        assert f.mask["b"].shape == SHAPES[1][:2]


def test_edits_and_copies_keep_the_bytes(tmp_path: Path) -> None:
    reader, writer = pictures("jpeg")
    with writer.create(tmp_path / "a.h5") as w:
        w.photo["a"] = {"pixels": JPEGS[0]}
    with writer.edit(tmp_path / "a.h5") as w:
        w.photo["b"] = {"pixels": JPEGS[1]}
        w.photo["none"] = {"pixels": None}
    with reader(tmp_path / "a.h5") as f, writer.create(tmp_path / "b.h5") as w:
        w.photo.extend(list(f.photo), {"pixels": f.pixels[:]})
    with reader(tmp_path / "b.h5") as f:
        block = f.pixels[:]
        assert isinstance(block, Maybe)
        assert [one.tobytes() for one in block.values.encoded] == [*JPEGS[:2], b""]


def test_a_damaged_file_inside_is_an_error_with_its_place(tmp_path: Path) -> None:
    reader, writer = pictures("jpeg")
    with writer.create(tmp_path / "a.h5") as w:
        w.photo.extend(list("abc"), {"pixels": JPEGS})
    with h5py.File(tmp_path / "a.h5", "r+") as plain:
        plain["pixels"][:20] = 0
    with reader(tmp_path / "a.h5") as f:
        assert f.pixels["b"].shape == SHAPES[1]
        with pytest.raises(DataError, match="pixels"):
            _ = f.pixels["a"]


def test_recordings_as_flac(tmp_path: Path) -> None:
    reader, writer = declare(
        clip=Axis(dict), time=RaggedAxis(per="clip"), wave=Files(np.float32, "clip time", form="flac")
    )
    waves = [(RNG.integers(-(2**15), 2**15, n) / 2**15).astype(np.float32) for n in (10, 4000)]
    files = []
    for wave in waves:
        made = io.BytesIO()
        soundfile.write(made, wave, 8000, format="FLAC", subtype="PCM_16")
        files.append(made.getvalue())
    with writer.create(tmp_path / "a.h5") as w:
        w.clip.extend({"wave": files})
        with pytest.raises(DataError, match="nobody says its rate"):
            w.clip.append({"wave": waves[0]})
    with reader(tmp_path / "a.h5") as f:
        assert all(np.array_equal(one, wave) for one, wave in zip(f.wave, waves, strict=True))
        assert f.time[1] == 4000 if hasattr(f.time, "__getitem__") else True


def test_arrays_beside_them_are_as_ever(tmp_path: Path) -> None:
    reader, writer = declare(
        photo=Axis(dict), a=Files(np.uint8, "photo 2 2", form="png"), b=Array(np.uint8, "photo 2 2")
    )
    pixels = RNG.integers(0, 256, (3, 2, 2)).astype(np.uint8)
    with writer.create(tmp_path / "a.h5") as w:
        w.photo.extend({"a": pixels, "b": pixels})
    with reader(tmp_path / "a.h5") as f:
        assert np.array_equal(f.a[:].decoded(), f.b[:])


SCHEMA = """
h5schema: 1
name: pictures_in_files
version: 1.0.0
dims:
  photo: {source: '{name}.{ending:jpg|png}'}
  height: {per: photo}
  width: {per: photo}
features:
  pixels: {dims: [photo, height, width, 3], dtype: uint8, call: image, store: jpeg}
  small: {dims: [photo, 4, 4, 3], dtype: uint8, call: image, params: {size: [4, 4]}, store: png}
  bright: {dims: [photo], dtype: float64, from: small, call: 'pictures_in_files_io:mean'}
loaders:
  all: {over: photo, inputs: {pixels: {feature: pixels, as: list}, small: {feature: small, dtype: float32}}, batch: 2}
"""


def test_M17_sources_are_kept_and_fed(tmp_path: Path) -> None:
    sources = {f"p{i}.jpg": file for i, file in enumerate(JPEGS)} | {"q.png": encoded(PICTURES[0], "PNG")}
    (tmp_path / "sources").mkdir()
    made = extracted(tmp_path, SCHEMA, "def mean(small):\n    return small.mean()\n", sources, code=1)
    assert "encoding it as one would lose something" in made.said  # the PNG
    with h5py.File(made.path) as plain:
        assert plain["pixels"][:].tobytes() == b"".join(JPEGS)
    resized = [
        np.asarray(Image.open(io.BytesIO(file)).convert("RGB").resize((4, 4), Image.Resampling.LANCZOS))
        for file in JPEGS
    ]
    with made.groups.PicturesInFiles(made.path) as f:
        assert all(np.array_equal(f.small[i], one) for i, one in enumerate(resized))
        assert f.bright[:].tolist() == [one.mean() for one in resized]
    batches = list(made.loaders.All.loader(made.path))
    pixels = [one.numpy() for batch in batches for one in batch["pixels"]]
    assert all(np.array_equal(one, decoded(file)) for one, file in zip(pixels, JPEGS, strict=True))
    small = np.concatenate([batch["small"].numpy() for batch in batches])
    assert np.array_equal(small, np.stack(resized).astype(np.float32))


GREY = Image.fromarray(PICTURES[0][..., 0])


def filed(image: Any, form: str) -> bytes:
    made = io.BytesIO()
    image.save(made, form)
    return made.getvalue()


@pytest.mark.parametrize(
    ("channels", "form", "file", "said"),
    [
        ("", "png", encoded(PICTURES[0], "PNG"), "the image is RGB, of 3 channels, and the dims say grey"),
        (" 3", "png", filed(GREY, "PNG"), "the image is grey, without an axis of channels, and the dims say RGB"),
        (" 3", "jpeg", filed(GREY, "JPEG"), "the image is grey, without an axis of channels, and the dims say RGB"),
        (" 3", "png", filed(Image.fromarray(PICTURES[0]).quantize(), "PNG"), "the image is one with a palette"),
        (" 3", "jpeg", filed(Image.fromarray(PICTURES[0]).convert("CMYK"), "JPEG"), "the image is CMYK"),
        (" 4", "png", encoded(PICTURES[0], "PNG"), "the dims say RGBA, of 4 channels"),
    ],
    ids=["RGB as grey", "grey as RGB", "grey JPEG as RGB", "palette", "CMYK", "RGB as RGBA"],
)
def test_a_file_of_other_channels_is_not_kept(tmp_path: Path, channels: str, form: str, file: bytes, said: str) -> None:
    reader, writer = declare(
        photo=Axis(dict),
        height=RaggedAxis(per="photo"),
        width=RaggedAxis(per="photo"),
        pixels=Files(np.uint8, f"photo height width{channels}", form=form, quality=90),
    )
    with writer.create(tmp_path / "a.h5") as w:
        for given_file in (file, np.frombuffer(file, np.uint8)):
            with pytest.raises(DataError) as caught:
                w.photo.append({"pixels": given_file})
            assert said in str(caught.value)
            assert "convert the file, or give the array" in str(caught.value)
    assert len(reader(tmp_path / "a.h5").photo) == 0


def test_sources_of_other_channels_are_converted_as_the_extractor_does(tmp_path: Path) -> None:
    files = {"grey": filed(GREY, "PNG"), "rgb": encoded(PICTURES[1], "PNG")}
    files["palette"] = filed(Image.fromarray(PICTURES[2]).quantize(), "PNG")
    (tmp_path / "sources").mkdir()
    schema = SCHEMA.replace("store: jpeg", "store: png").replace("jpg|png", "png").replace("pictures_in", "mixed_in")
    sources = {f"{name}.png": file for name, file in files.items()}
    made = extracted(tmp_path, schema, "def mean(small):\n    return small.mean()\n", sources)
    with made.groups.MixedInFiles(made.path) as f:
        block = f.pixels[:]
        for i, name in enumerate(sorted(files)):
            kept = block.encoded[i].tobytes()
            assert np.array_equal(f.pixels[i], decoded(files[name]))
            assert Image.open(io.BytesIO(kept)).mode == "RGB"
            assert (kept == files[name]) == (name == "rgb")


def test_a_grey_jpeg_among_sources_needs_a_quality(tmp_path: Path) -> None:
    sources = {"grey.jpg": filed(GREY, "JPEG"), "rgb.jpg": JPEGS[1]}
    (tmp_path / "sources").mkdir()
    made = extracted(tmp_path, SCHEMA, "def mean(small):\n    return small.mean()\n", sources, code=1)
    assert "the image is grey, without an axis of channels, and the dims say RGB, of 3 channels" in made.said
    with h5py.File(made.path) as plain:
        assert plain["pixels"][:].tobytes() == JPEGS[1]


def test_files_are_changed(tmp_path: Path) -> None:
    reader, writer = pictures("jpeg", more=True)
    masks = [np.full(shape[:2], i % 2, bool) for i, shape in enumerate(SHAPES)]
    with writer.create(tmp_path / "a.h5") as w:
        w.photo.extend(list("abc"), {"pixels": JPEGS, "mask": masks})
    same = encoded(PICTURES[0][::-1], "JPEG", quality=20)
    same_size = encoded(PICTURES[2][::-1], "JPEG", quality=40)
    with writer.edit(tmp_path / "a.h5") as w:
        w.photo["a"] = {"pixels": JPEGS[2], "mask": masks[2]}
        del w.photo["b"]
        w.photo["d"] = {"pixels": None, "mask": masks[1]}
        w.photo.rename("c", "e")
        w.pixels["e"] = same_size
        with pytest.raises(DataError, match="both run over height"):
            w.pixels["e"] = JPEGS[0]
    reread = reader(tmp_path / "a.h5")
    assert np.array_equal(reread.pixels["a"], decoded(JPEGS[2]))
    assert np.array_equal(reread.pixels["e"], decoded(same_size))
    assert np.array_equal(reread.mask["e"], masks[2])
    assert reread.pixels["d"] is None
    assert sorted(reread.photo) == ["a", "d", "e"]
    reread.verify()
    reread.close()
    reader, writer = pictures("jpeg")
    with writer.create(tmp_path / "b.h5") as w:
        w.photo.extend(list("abc"), {"pixels": JPEGS})
        w.pixels["b"] = JPEGS[0]
    with h5py.File(tmp_path / "b.h5") as plain:
        before = plain["pixels"].shape
    with writer.edit(tmp_path / "b.h5") as w:
        w.pixels["c"] = same
        w.pixels[["a", "b"]] = [None, JPEGS[1]]
    with reader(tmp_path / "b.h5") as f:
        assert f.pixels["a"] is None
        assert np.array_equal(f.pixels["b"], decoded(JPEGS[1]))
        assert np.array_equal(f.pixels["c"], decoded(same))
        assert f.pixels["c"].shape == PICTURES[0].shape
        f.verify()
    with h5py.File(tmp_path / "b.h5") as plain:
        assert plain["pixels"].shape[0] < before[0] + len(JPEGS[1]) + len(same), "what fits stays where it was"


def test_recordings_are_not_appended_to(tmp_path: Path) -> None:
    _, writer = declare(clip=Axis(dict), time=RaggedAxis(per="clip"), wave=Files(np.float32, "clip time", form="flac"))
    made = io.BytesIO()
    soundfile.write(made, np.zeros(10, np.float32), 8000, format="FLAC", subtype="PCM_16")
    with writer.create(tmp_path / "a.h5") as w:
        w.clip.append({"wave": made.getvalue()})
        with pytest.raises(UsageError, match="replace the entry as a whole"):
            w.wave.append(0, np.zeros(3, np.float32))
