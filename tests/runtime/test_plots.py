"""Pictures show the values that the file holds, without a display."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from blank import declare
from PIL import Image

from h5schema import cli
from h5schema.errors import UsageError, UserCodeError
from h5schema.runtime import Array, Axis, Csr, IdAxis, Nested, Ragged, RaggedAxis, Scalar, Text, optional
from h5schema.runtime.ids import UnknownIdError
from h5schema.runtime.plots.drawn import draw, save
from h5schema.runtime.view import RowError, View

pytest.importorskip("matplotlib", reason="plots need matplotlib: pip install 'h5schema[plots]'")

PIXELS = np.random.default_rng(0).integers(0, 256, (20, 6, 5, 3)).astype(np.uint8)
WAVES = [np.sin(np.arange(n) / 5).astype(np.float32) for n in (0, 10, 9000)]


@pytest.fixture
def file(tmp_path: Path) -> object:
    """A file of photos with ids, and of clips without."""
    reader, writer = declare(
        photo=IdAxis(dict),
        image=Array(np.uint8, "photo 6 5 3"),
        name=Text("photo"),
        sharp=optional(Scalar(np.float32, "photo", unit="px")),
        clip=Axis(dict),
        time=RaggedAxis(per="clip"),
        wave=Ragged(np.float32, "clip time", unit="V"),
        spectrum=Array(np.float32, "clip 7 4"),
    )
    with writer.create(tmp_path / "a.h5") as w:
        sharp = [None if n == 1 else float(n) for n in range(20)]
        w.photo.extend(
            [f"p{n}" for n in range(20)],
            {"image": PIXELS, "name": [f"kind {n % 3}" for n in range(20)], "sharp": sharp},
        )
        w.clip.extend({"wave": WAVES, "spectrum": np.arange(84, dtype=np.float32).reshape(3, 7, 4)})
    return reader(tmp_path / "a.h5")


def test_M5_a_grid_of_images(file) -> None:
    figure = file.image.plot()
    assert [axes.get_title() for axes in figure.axes] == [f"p{n}" for n in range(16)]
    for number, axes in enumerate(figure.axes):
        assert np.array_equal(axes.images[0].get_array(), PIXELS[number])
    some = file.image.plot(["p19", "p3"])
    assert [axes.get_title() for axes in some.axes] == ["p19", "p3"]
    assert np.array_equal(some.axes[1].images[0].get_array(), PIXELS[3])


@pytest.mark.parametrize(
    ("which", "drawn"),
    [
        ("p19", ["p19"]),
        (3, ["3"]),
        (np.int64(3), ["3"]),
        (slice(2, 4), ["2", "3"]),
        (range(2), ["0", "1"]),
        (np.array([5, -1]), ["5", "19"]),
        (["p1"], ["p1"]),
    ],
)
def test_M5_one_id_one_position_or_a_slice(file, which: object, drawn: list[str]) -> None:
    assert [axes.get_title() for axes in file.image.plot(which).axes] == drawn
    for wrong in (b"p1", 3.5, slice("a", "b")):
        with pytest.raises(RowError, match="is no index of entries"):
            file.image.plot(wrong)
    with pytest.raises(UnknownIdError, match="no entry of photo has the id 'ab'"):  # and not the entries 'a' and 'b'
        file.image.plot("ab")


def test_M5_waveforms_and_spectrograms(file) -> None:
    figure = file.wave.plot()
    empty, short, long = figure.axes
    assert empty.texts[0].get_text() == "empty"
    assert np.array_equal(short.lines[0].get_ydata(), WAVES[1])
    assert short.get_ylabel() == "wave [V]"
    heights = long.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (WAVES[2].min(), WAVES[2].max())
    spectra = [axes for axes in file.spectrum.plot([2, 0]).axes if axes.images]
    assert np.array_equal(spectra[0].images[0].get_array(), np.arange(56, 84, dtype=np.float32).reshape(7, 4).T)


def test_M5_numbers_and_texts_together(file) -> None:
    histogram = file.sharp.plot().axes[0]
    assert sum(bar.get_height() for bar in histogram.patches) == 19  # of 20 one is absent
    assert histogram.get_xlabel() == "sharp [px]"
    curve = file.sharp.plot(kind="curve").axes[0].lines[0].get_ydata()
    assert np.array_equal(curve, [0, np.nan, *range(2, 20)], equal_nan=True)
    counts = file.name.plot().axes[0]
    assert [label.get_text() for label in counts.get_yticklabels()] == ["kind 0", "kind 1", "kind 2"]
    assert [bar.get_width() for bar in counts.patches] == [7, 7, 6]
    values = file.image.plot(kind="histogram").axes[0]
    assert sum(bar.get_height() for bar in values.patches) == PIXELS.size


def test_a_kind_that_does_not_suit_is_refused(file) -> None:
    with pytest.raises(UsageError, match="cannot be drawn so"):
        file.name.plot(kind="image")
    with pytest.raises(UsageError, match="did you mean 'waveform'"):
        file.wave.plot(kind="wavform")
    with pytest.raises(UsageError, match="there is no entry to draw"):
        file.wave.plot([])


def test_M5_where_a_sparse_matrix_has_values(tmp_path: Path) -> None:
    reader, writer = declare(cell=Axis(dict), counts=Csr(np.float32, "cell 9"))
    counts = np.eye(9, dtype=np.float32)[[3, 1, 8]]
    with writer.create(tmp_path / "a.h5") as w:
        w.cell.extend({"counts": counts})
    with reader(tmp_path / "a.h5") as f:
        points = f.counts.plot().axes[0].lines[0].get_xydata()
    assert points.tolist() == [[3, 0], [1, 1], [8, 2]]


def test_what_is_counted_is_said_in_whole_numbers(tmp_path: Path) -> None:
    reader, writer = declare(
        cell=IdAxis(dict), counts=Csr(np.float32, "cell 9"), word=Text("cell"), pose=Array(np.float32, "cell 3")
    )
    with writer.create(tmp_path / "a.h5") as w:
        for n in range(40):
            w.cell[f"{'folder/' * 9}{n}"] = {"counts": ([n % 9], [1.5]), "word": f"w{n}", "pose": [n, 0, 0]}
    with reader(tmp_path / "a.h5") as f:
        stored = f.counts.plot(kind="histogram").axes[0]
        assert (stored.get_ylabel(), max(bar.get_height() for bar in stored.patches)) == ("values", 40 * 8)
        words = f.word.plot().axes[0]
        assert (words.get_title(), words.get_xlabel()) == ("the 30 that stand most often, of 40", "entries")
        assert all(tick == int(tick) for tick in words.get_xticks())
        assert f.counts.plot().axes[0].lines[0].get_markersize() == 6
        title = f.pose.plot([f"{'folder/' * 9}0"]).axes[0].get_title()
        assert title == f"…{('folder/' * 9 + '0')[-55:]}"


def test_lists_have_no_picture(tmp_path: Path) -> None:
    declared = Nested[list[np.ndarray]](np.float32, "image polygon vertex 2")
    axes = {"polygon": RaggedAxis(per="image"), "vertex": RaggedAxis(per="polygon")}
    reader, writer = declare(image=Axis(dict), **axes, outline=declared)
    with writer.create(tmp_path / "a.h5") as w:
        w.image.append({"outline": [np.zeros((3, 2), np.float32), np.zeros((4, 2), np.float32)]})
    with reader(tmp_path / "a.h5") as f, pytest.raises(UsageError, match="entries of outline are no arrays of numbers"):
        f.outline.plot()


def test_the_users_own_function_draws(file, tmp_path: Path) -> None:
    (tmp_path / "own_plots.py").write_text(
        "from matplotlib.figure import Figure\n"
        "def draw(view, which):\n"
        "    figure = Figure()\n"
        "    figure.add_subplot().plot(view[which[0]])\n"
        "    return figure\n"
        "def fail(view, which):\n"
        "    raise ValueError('too loud')\n"
        "def nothing(view, which):\n"
        "    return None\n"
    )
    view: View[object, object] = file.wave
    made = draw(view, [1], "own_plots:draw", tmp_path)
    assert np.array_equal(made.axes[0].lines[0].get_ydata(), WAVES[1])
    with pytest.raises(UserCodeError, match="too loud"):
        draw(view, None, "own_plots:fail", tmp_path)
    with pytest.raises(UserCodeError, match="it returned a NoneType"):
        draw(view, None, "own_plots:nothing", tmp_path)


def test_pictures_are_files_of_the_named_format(file, tmp_path: Path) -> None:
    figure = file.image.plot(["p1"])
    save(figure, tmp_path / "a.png", 50)
    with Image.open(tmp_path / "a.png") as drawn:
        assert drawn.format == "PNG"
    save(figure, tmp_path / "a.svg", 50)
    assert "<svg" in (tmp_path / "a.svg").read_text(encoding="utf-8")
    with pytest.raises(UsageError, match=r"not written as \.doc"):
        save(figure, tmp_path / "a.doc", 50)
    with pytest.raises(UsageError, match="the picture cannot be written"):
        save(figure, tmp_path / "none" / "a.png", 50)


def test_the_command_draws_what_a_file_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    (tmp_path / "s.yaml").write_text(
        "h5schema: 1\nname: plotted_images\nversion: 1.0.0\ndims:\n  photo: {source: '{name}.png'}\n"
        "features:\n  image: {dims: [photo, 6, 5, 3], dtype: uint8, call: image}\n"
    )
    (tmp_path / "photos").mkdir()
    for number in range(3):
        Image.fromarray(PIXELS[number]).save(tmp_path / "photos" / f"{number}.png")
    assert cli.main(["extract", "s.yaml", "photos", "-o", "s.h5"]) == 0
    capsys.readouterr()
    assert cli.main(["plot", "s.h5", "image", "1.png", "-o", "one.png"]) == 0
    assert capsys.readouterr().out == "drew one.png\n"
    with Image.open(tmp_path / "one.png") as drawn:
        colors = {tuple(color) for color in np.asarray(drawn.convert("RGB")).reshape(-1, 3).tolist()}
    assert {tuple(color) for color in PIXELS[1].reshape(-1, 3).tolist()} <= colors
    assert cli.main(["plot", "s.h5", "imge"]) == 2
    wanted = f"error: {tmp_path / 's.h5'}: there is no feature 'imge'\n  help: did you mean 'image'?\n"
    assert capsys.readouterr().err == wanted
