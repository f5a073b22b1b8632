"""Starter schemas: what `h5schema init` writes; of images filled in from a folder, if there is one."""

from __future__ import annotations

import itertools
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from h5schema.emit import Manifest
from h5schema.errors import UsageError
from h5schema.resolve.identifiers import member
from h5schema.vocabulary import reserved
from h5schema.vocabulary.suggest import closest

_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp")
_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_MODULE = re.compile(r"\bcall: '?(\w+):\w+")
_LOOKED_AT = 200
"""Images whose size is looked at."""
_ORIENTATION = 0x0112
_ON_ITS_SIDE = (5, 6, 7, 8)
"""The EXIF tag, and its values for which height and width change places."""


class Starter(NamedTuple):
    """What `init` writes.

    Attributes:
        text: Of the schema.
        beside: Modules of its functions, by the name of their files.
    """

    text: str
    beside: Mapping[str, str] = {}


def starter(kind: str, folder: Path | None, name: str) -> Starter:
    """A starter schema.

    Args:
        kind: One of `kinds()`.
        folder: Sources from which classes and sizes are filled in.
        name: Of the package.

    Raises:
        UsageError: There is no such kind, it takes no folder, or the folder is not there, holds no such sources, or
            has classes that code cannot tell apart.
    """
    known = kinds()
    if kind not in known:
        near = closest(kind, known)
        raise UsageError(
            f"there is no starter for {kind!r}",
            do=f"did you mean {near!r}?" if near else f"the kinds are: {', '.join(known)}",
        )
    if kind == "images":
        return Starter(_images(folder, name))
    if folder is not None:
        raise UsageError(f"nothing is filled in for {kind!r}", where=str(folder), do="leave out the folder")
    return _example(_schemas() / f"{kind}.yaml", name)


def kinds() -> Mapping[str, str]:
    """Every kind of starter, and what it is for."""
    found = {"images": "images, in one folder per class or in one folder"}
    for path in sorted(_schemas().glob("*.yaml")):
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        if first.startswith("# "):
            found[path.stem] = first[2:].rstrip(".")
    return found


def _example(path: Path, name: str) -> Starter:
    """One of the schemas that come with h5schema, under another name, and the modules that it names."""
    text = re.sub(r"(?m)^name: .*$", f"name: {name}", path.read_text(encoding="utf-8"), count=1)
    modules = sorted({f"{module}.py" for module in _MODULE.findall(text)})
    there = [path.with_name(module) for module in modules if path.with_name(module).is_file()]
    return Starter(text, {module.name: module.read_text(encoding="utf-8") for module in there})


def _schemas() -> Path:
    """Where the schemas are that come with h5schema: in an installed wheel beside the code, else beside the package."""
    inside = Path(__file__).resolve().parent / "schemas"
    return inside if inside.is_dir() else inside.parent.parent / "schemas"


def package_name(file: Path) -> str:
    """The name of a package after the file of its schema: `my-photos.yaml` → `my_photos`."""
    text = re.sub(r"[\W_]+", "_", file.stem, flags=re.ASCII).strip("_").lower()[:30].rstrip("_")
    name = text if text and not text[0].isdigit() else f"data_{text}".rstrip("_")
    return f"{name}_data" if name in reserved.PACKAGE or reserved.is_keyword(name) else name


def free_name(name: str, folder: Path) -> str:
    """The name, or one like it if something else has it in the folder: `photos_data`, `photos_data2`."""
    others = (f"{name}_data{number}" for number in itertools.count(2))
    return next(each for each in itertools.chain((name, f"{name}_data"), others) if not _taken(folder, each))


def _taken(folder: Path, name: str) -> bool:
    """Whether a package of this name would meet what is not ours: a folder of data, a module."""
    if (folder / f"{name}.py").exists():
        return True
    return os.path.lexists(folder / name) and not Manifest.of(folder / name).files


@dataclass(frozen=True, slots=True)
class _Size:
    height: int = 32
    width: int = 32
    resample: bool = True
    note: str = ""


def _images(folder: Path | None, name: str) -> str:
    from h5schema.render.templates import render

    classes, files = (_CLASSES, []) if folder is None else _survey(folder)
    size = _Size() if folder is None else _size(files)
    endings = [ending for ending, _ in Counter(file.suffix[1:] for file in files).most_common()] or ["jpg"]
    ending = endings[0] if len(endings) == 1 else f"{{ending:{'|'.join(endings)}}}"
    values = {
        "name": name,
        "pattern": _text(("{label}/" if classes else "") + "{name}." + ending, quoted=True),
        "classes": [_text(each) for each in classes],
        "height": size.height,
        "width": size.width,
        "resample": size.resample,
        "size_note": size.note,
    }
    return render("starters/images.yaml.jinja", None, values)


def _survey(folder: Path) -> tuple[tuple[str, ...], list[Path]]:
    """Class names and images of a folder; no classes if the images lie in it directly."""
    if not folder.is_dir():
        what = "this is a file, not a folder" if folder.exists() else "there is no such folder"
        raise UsageError(what, where=str(folder), do="give the folder that holds the images")
    classed = {child.name: _images_in(child) for child in sorted(folder.iterdir()) if child.is_dir()}
    classed = {name: images for name, images in classed.items() if images}
    images = [image for images in classed.values() for image in images] or _images_in(folder)
    if not images:
        raise UsageError(
            "there is no image in this folder, nor in the folders in it",
            where=str(folder),
            do=f"images end in {', '.join(_SUFFIXES)}",
        )
    _expect_apart(folder, classed)
    return tuple(classed), images


def _expect_apart(folder: Path, classes: Iterable[str]) -> None:
    """Refuses classes that would be one member of the enum."""
    first: dict[str, str] = {}
    for name in classes:
        other = first.setdefault(member(name), name)
        if other != name:
            raise UsageError(
                f"the classes '{other}' and '{name}' would both be called `{member(name)}` in code",
                where=str(folder),
                do="rename one of these folders, so that letters and digits tell them apart",
            )


def _images_in(folder: Path) -> list[Path]:
    return sorted(child for child in folder.iterdir() if child.suffix.lower() in _SUFFIXES and child.is_file())


def _size(files: list[Path]) -> _Size:
    """The size that most images have."""
    try:
        from PIL import Image
    except ModuleNotFoundError:
        return _Size(note="; a guess: with Pillow the sizes of your images are looked at")
    sizes: Counter[tuple[int, int]] = Counter()
    for file in files[:: max(1, len(files) // _LOOKED_AT)]:
        try:
            with Image.open(file) as image:
                lies = image.getexif().get(_ORIENTATION) in _ON_ITS_SIDE
                sizes[(image.width, image.height) if lies else (image.height, image.width)] += 1
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            continue  # a damaged image is for `extract` to report
    if not sizes:
        return _Size(note="; a guess: none of the images could be read")
    (height, width), _ = sizes.most_common(1)[0]
    return _Size(height, width, resample=len(sizes) > 1)


def _text(text: str, *, quoted: bool = False) -> str:
    """A text as YAML; quoted wherever a reader of YAML could take it for something else."""
    if quoted and "'" not in text and text.isprintable():
        return f"'{text}'"
    if _PLAIN.fullmatch(text) and text.lower() not in ("null", "true", "false", "yes", "no", "on", "off", "y", "n"):
        return text
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in json.dumps(text, ensure_ascii=False))
