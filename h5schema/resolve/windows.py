"""Windows of loaders: pieces of dims, and what the inputs say of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from h5schema.spec import InputSpec, WindowSpec
from h5schema.vocabulary.sampled import frame_too_long, misplaced, too_far

from .draft import Path
from .fed import Fed
from .ir import FeatureIR, FrameIR, WindowIR
from .ranges import ranges_of
from .scope import chain_of, find_dim

_OWN = frozenset({"length", "shift", "step", "align", "frame"})
"""What an input may say of its own; positions are the loader's."""


def windows_of(fed: Fed, specs: Mapping[str, WindowSpec]) -> Iterator[tuple[str, WindowIR]]:
    """The windows of a loader, by address of the dim; complains about those that cannot be."""
    for name, spec in specs.items():
        at: Path = ("window", name)
        dim = find_dim(fed.draft, fed.notes, "", name, (*fed.path, *at), breaks=fed.path, key=True)
        if dim is None or dim not in fed.draft.axes:
            continue
        if len(fed.roots) > 1 and not _can_cut_product(fed, spec, dim, at):
            continue
        if not _can_cut(fed, dim, at):
            continue
        said = spec.model_fields_set
        _expect_near(fed, spec, at)
        if "ranges" in said:
            ranges = ranges_of(fed, spec, dim, at)
            if ranges is not None:
                yield dim, _window(spec)._replace(ranges=ranges)
            continue
        sampled = dim in (fed.axis.address, *fed.sampled.roots)
        wrong = misplaced(fed.draft.axes[dim].name, dict.fromkeys(said), sampled=sampled)
        if wrong is not None:
            fed.add("window", wrong[1].message, (*at, wrong[0]), wrong[1].help, key=True)
        if sampled and spec.hop is None and spec.length is None:
            fed.add(
                "window",
                f"positions in `{fed.axis.name}` need a distance",
                at,
                "give the window a `length`, or a `hop`",
                key=True,
            )
        yield dim, _window(spec)


def _expect_near(fed: Fed, spec: WindowSpec, at: Path) -> None:
    """Refuses numbers that are larger than anything that can be read."""
    for one, where in ((spec, at), (spec.frame, (*at, "frame"))):
        far = None if one is None else too_far({key: getattr(one, key) for key in type(one).model_fields})
        if far is not None:
            fed.add("window", far[1].message, (*where, far[0]), far[1].help, key=True)


def _can_cut_product(fed: Fed, spec: WindowSpec, dim: str, at: Path) -> bool:
    """Whether samples of several dims have a piece of a dim."""
    axis = fed.draft.axes[dim]
    beyond = next((key for key in ("jitter", "frame", "ranges") if key in spec.model_fields_set), None)
    if axis.size is not None or (dim in fed.sampled.roots and beyond is None):
        return True
    what = f"`{beyond}`" if beyond else f"pieces of `{axis.name}`"
    fed.add(
        "not-yet",
        f"{what} in a loader over several dims: that comes with a later version",
        (*at, beyond) if beyond else at,
        "for now run over one dim",
        key=True,
    )
    return False


def _can_cut(fed: Fed, dim: str, at: Path) -> bool:
    axis = fed.draft.axes[dim]
    if dim in fed.chain and len(fed.chain) > 2:
        fed.add(
            "not-yet",
            f"windows of `{axis.name}` in a loader over `{fed.axis.name}` come with a later version",
            at,
            f"for now run over `{fed.chain[1]}`",
            key=True,
        )
        return False
    if dim in fed.sampled.roots or dim == fed.axis.address or axis.per == fed.root.address or axis.size is not None:
        return True
    if chain_of(fed.draft.axes, axis)[0] == fed.root.address:
        fed.add(
            "not-yet",
            f"pieces of `{axis.name}` in a loader over `{fed.axis.name}` come with a later version",
            at,
            f"for now give windows to ragged dims of `{fed.root.name}`, or to dims of one size",
            key=True,
        )
        return False
    fed.add(
        "window",
        f"a sample of `{fed.axis.name}` has no piece of `{axis.name}`",
        at,
        f"give windows to `{fed.axis.name}`, to ragged dims of `{fed.root.name}`, or to dims of one size",
        key=True,
    )
    return False


def _window(spec: WindowSpec) -> WindowIR:
    said = {key: getattr(spec, key) for key in spec.model_fields_set if key not in ("frame", "ranges")}
    frame = None if spec.frame is None else FrameIR(spec.frame.length, spec.frame.hop, spec.frame.align)
    return WindowIR(frame=frame, **said)


def own_windows(fed: Fed, spec: InputSpec, at: Path) -> tuple[tuple[str, WindowIR], ...] | None:
    """What an input says of the loader's windows; None, with a complaint, if it says what it cannot."""
    found: list[tuple[str, WindowIR]] = []
    for name, own in spec.window.items():
        where = (*at, "window", name)
        dim = find_dim(fed.draft, fed.notes, "", name, (*fed.path, *where), breaks=fed.path, key=True)
        if dim is None:
            return None
        if dim not in dict(fed.windows):
            fed.add(
                "window",
                f"the loader has no window of `{name}` from which this one could differ",
                where,
                "write it in `window` of the loader",
                key=True,
            )
            return None
        _expect_near(fed, own, where)
        wrong = next((key for key in own.model_fields_set if key not in _OWN), None)
        if wrong is not None:
            fed.add(
                "window",
                f"`{wrong}` holds for all inputs, because positions are the loader's",
                (*where, wrong),
                "write it in `window` of the loader",
                key=True,
            )
            return None
        found.append((dim, _window(own)))
    return tuple(found)


def cut(fed: Fed, feature: FeatureIR, own: Mapping[str, WindowIR], at: Path) -> tuple[str | int, ...] | None:
    """The shape of an input in a batch; empty: it is a whole entry; None, with a complaint: it cannot be."""
    shape = _along_samples(fed, feature, own, at)
    cropped = [dim for dim in feature.dims if dim in dict(fed.windows) and fed.draft.axes[str(dim)].size is not None]
    if shape is None or not cropped:
        return shape
    ranged = any(dict(fed.windows)[dim].ranges is not None for dim in dict(fed.windows) if dim in feature.dims)
    if ranged or not fed.shared(feature) or not (shape or feature.kind in ("dense", "enum")):
        fed.add(
            "not-yet",
            f"pieces of `{feature.address}` along `{cropped[0]}` come with a later version",
            (*at, "feature"),
            "for now take arrays of one size, or pieces of one length of ragged ones",
        )
        return None
    found: list[str | int] = []
    for dim in shape or ("batch", *feature.dims[1:]):
        piece = _crop(fed, str(dim), own, at) if dim in cropped else (dim,)
        if piece is None:
            return None
        found += piece
    return tuple(found)


def _crop(fed: Fed, dim: str, own: Mapping[str, WindowIR], at: Path) -> tuple[int, ...] | None:
    """The shape of a piece of a dim of one size."""
    window, axis = dict(fed.windows)[dim].over(own.get(dim)), fed.draft.axes[dim]
    shape = _shape(fed, window, axis.address, at)
    if shape is None or axis.size is None or window.length is None or window.edge in ("repeat", "pad"):
        return shape
    span = window.length
    if window.frame is not None and window.frame.align == "center":
        span = (shape[0] - 1) * (window.frame.hop or window.frame.length) + window.frame.length
    reach = (span - 1) * (window.step or 1) + 1
    if reach <= axis.size:
        return shape
    fed.add(
        "window",
        f"a window of {reach} values does not fit `{axis.name}`, which has {axis.size}",
        (*at, "feature"),
        "make it shorter, or say what stands beyond the edge: `edge: pad` or `repeat`",
    )
    return None


def _along_samples(fed: Fed, feature: FeatureIR, own: Mapping[str, WindowIR], at: Path) -> tuple[str | int, ...] | None:
    """The shape as the dims decide that samples have positions in, or lengths of their own; see `cut`."""
    windows, shared = dict(fed.windows), fed.shared(feature)
    if len(shared) > 1:
        lengths = [_shape(fed, windows[dim].over(own.get(dim)), dim, at) for dim in shared if dim in windows]
        rest = tuple(dim for dim in feature.dims if dim not in shared)
        return None if None in lengths else ("batch", *(one for shape in lengths for one in shape or ()), *rest)
    if feature.lists and feature.dims[1] in fed.chain:
        return _of_lists(fed, feature, at)
    for index, dim in enumerate(feature.dims):
        if (
            not isinstance(dim, str)
            or (dim not in windows and dim not in fed.chain)
            or (dim == fed.root.address and dim not in windows)
            or fed.draft.axes[dim].size is not None
        ):
            continue
        if not _is_cut(fed, feature, index, dim, at):
            return None
        rest = feature.dims[index + 1 :]
        if dim not in windows:
            return ("batch", *rest)
        if windows[dim].ranges is not None:
            return ("batch", dim, *rest) if _is_of_range(fed, own.get(dim), dim, at) else None
        shape = _shape(fed, windows[dim].over(own.get(dim)), dim, at)
        return None if shape is None else ("batch", *shape, *rest)
    return ()


def _of_lists(fed: Fed, feature: FeatureIR, at: Path) -> tuple[str | int, ...] | None:
    """The shape of an item of lists, or of an element of one."""
    rest = feature.dims[len([dim for dim in feature.dims if dim in fed.chain]) :]
    windowed = [dim for dim in rest if dim in dict(fed.windows)]
    numbers, known = feature.kind == "nested", feature.kind in ("nested", "texts")
    if (
        not known
        or windowed
        or (numbers and sum(_is_ragged(fed, dim) for dim in rest) > 1)
        or feature.dims[1] in dict(fed.windows)
    ):
        fed.add(
            "not-yet",
            f"pieces of `{feature.address}` along `{feature.dims[1]}` come with a later version",
            (*at, "feature"),
            f"for now run over `{fed.root.name}`",
        )
        return None
    return ("batch", *rest)


def _is_of_range(fed: Fed, own: WindowIR | None, dim: str, at: Path) -> bool:
    """Whether what an input says of its own suits ranges."""
    wrong = [] if own is None else [key for key in ("length", "align", "frame") if getattr(own, key) is not None]
    if wrong:
        fed.add(
            "window",
            f"`ranges` say how long the windows are: no `{wrong[0]}`",
            (*at, "window", dim, wrong[0]),
            "leave it out",
            key=True,
        )
    return not wrong


def _is_cut(fed: Fed, feature: FeatureIR, index: int, dim: str, at: Path) -> bool:
    """Whether pieces of a feature can be read along a dim."""
    if _is_slice(fed, feature, index, dim):
        return True
    kinds = ("scalar", "enum", "dense") if index == 0 else ("ragged",)
    if feature.kind in kinds and index < 2 and sum(_is_ragged(fed, one) for one in feature.dims) == index:
        return True
    name = fed.draft.axes[dim].name
    fed.add(
        "not-yet",
        f"pieces of `{feature.address}` along `{name}` come with a later version",
        (*at, "feature"),
        "for now take features of numbers, with no other dim of different lengths",
    )
    return False


def _is_slice(fed: Fed, feature: FeatureIR, index: int, dim: str) -> bool:
    """Whether a sample has one position of the first dim of arrays of any shape, and all of their other dims."""
    return index == 1 and feature.varying > 1 and not feature.lists and dim not in dict(fed.windows)


def _is_ragged(fed: Fed, dim: str | int) -> bool:
    return isinstance(dim, str) and fed.draft.axes[dim].per is not None


def _shape(fed: Fed, window: WindowIR, dim: str, at: Path) -> tuple[int, ...] | None:
    """The shape of a window."""
    name = fed.draft.axes[dim].name
    if window.length is None:
        fed.add(
            "window",
            f"nobody says how long the window of `{name}` is",
            (*at, "feature"),
            f"give the window of `{name}` in the loader a `length`",
        )
        return None
    if window.frame is None:
        return (window.length,)
    length, hop, align = window.frame
    if align == "start" and length > window.length:
        message, help = frame_too_long(length, window.length)
        fed.add("window", message, (*at, "feature"), help)
        return None
    room = window.length if align == "center" else window.length - length + 1
    return -(-room // (hop or length)), length
