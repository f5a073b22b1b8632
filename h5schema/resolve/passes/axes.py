"""Dims: fixed, open or ragged, and where the ids of their entries come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from h5schema.spec import DimSpec
from h5schema.vocabulary.sources import source_kind

from ..captures import captured, parse_pattern, relative_pattern
from ..draft import Declared, Draft, Notes
from ..ir import DimIR
from ..mounts import home_of
from ..scope import find_dim
from ..within import braced


def resolve_axes(draft: Draft) -> Draft:
    """Makes a `DimIR` of each dim; classes of entries are named later."""
    notes = Notes(draft)
    axes: dict[str, DimIR] = {}
    for address, dim in draft.dims.items():
        if notes.breaks(dim.path):
            continue
        axis = _axis(draft, notes, dim)
        if axis is not None:
            axes[address] = axis
    return notes.done(draft._replace(axes=_with_parents(draft, notes, axes)))


def _axis(draft: Draft, notes: Notes, dim: Declared[DimSpec]) -> DimIR | None:
    spec = dim.spec
    said = [key for key in ("size", "per", "source") if key in spec.model_fields_set]
    if len(said) > 1 and (said != ["size", "source"] or spec.size != "open"):
        notes.add(
            "two-kinds",
            f"`{dim.name}` has `{said[0]}` and `{said[1]}`: a dim is of one kind",
            (*dim.path, said[1]),
            "write `size: 40` (fixed), `size: open` (entries are appended), `per: clip` (a length for each clip), "
            "or a `source` (one entry for each file)",
            key=True,
            breaks=dim.path,
        )
        return None
    base = DimIR(dim.address, dim.name, dim.name, doc=spec.doc)
    if spec.per:
        parent = find_dim(draft, notes, dim.group, spec.per[0], (*dim.path, "per"), breaks=dim.path)
        if parent is None:
            return None
        is_named = bool(spec.ids) or (spec.index is None and dim.name in braced(draft))
        return base._replace(under=parent, ids=True) if is_named else base._replace(per=parent)
    if isinstance(spec.size, int):
        return base._replace(size=spec.size)
    if spec.source is None:
        return base._replace(ids=bool(spec.ids))
    return _with_source(notes, dim, base, folder_of(draft, dim.group), spec.source)


def folder_of(draft: Draft, group: str) -> str:
    """Where the sources of a schema lie in the folder that is extracted: of a mounted one below its group's name."""
    home = home_of(draft.mounts, group)
    return f"{home}/" if home else ""


def _with_source(notes: Notes, dim: Declared[DimSpec], base: DimIR, folder: str, source: str) -> DimIR | None:
    template = dim.spec.ids if isinstance(dim.spec.ids, str) else None
    called = source_kind(source) == "function"
    made = base._replace(ids=True, source=source if called else folder + source, id_template=template)
    if source_kind(source) == "function":
        if template is not None:
            what = f"`{source}` yields the id of each entry itself"
            notes.add("two-ids", what, (*dim.path, "ids"), "leave `ids` out", key=True, breaks=dim.path)
        return made
    pattern = relative_pattern(notes, source, (*dim.path, "source"), dim.path)
    if pattern is None:
        return None
    if source_kind(source) == "pattern" and not pattern.captures:
        notes.add(
            "no-capture",
            "the pattern has no capture, so it matches one file at most",
            (*dim.path, "source"),
            "what varies from file to file is written in braces, such as '{name}.jpg'",
            breaks=dim.path,
        )
        return None
    wanted = None if template is None else parse_pattern(notes, template, (*dim.path, "ids"), dim.path)
    if wanted is not None and pattern.captures:  # those of a table are known when it is read
        captured(notes, wanted, pattern, (*dim.path, "ids"), dim.path, dim.name)
    return made


def _with_parents(draft: Draft, notes: Notes, axes: dict[str, DimIR]) -> dict[str, DimIR]:
    """Without ragged dims whose parent, or the parent of that, and so on, is not an open dim."""
    bad = set[str]()
    for address, axis in axes.items():
        chain = _chain(axes, axis)
        wrong = None if _parent(axis) is None else _bad_parent(axes, axis, chain, bound=draft.bound)
        if wrong is not None:
            path = draft.dims[address].path
            notes.add(wrong[0], wrong[1], (*path, "per"), wrong[2], breaks=path)
        if wrong is not None or chain[-1] not in axes:
            bad.add(address)
    return {address: axis for address, axis in axes.items() if bad.isdisjoint((address, *_chain(axes, axis)))}


def _chain(axes: Mapping[str, DimIR], axis: DimIR) -> list[str]:
    """The dim that a ragged one is per, the one that this is per, and so on."""
    chain: list[str] = []
    per = _parent(axis)
    while per is not None and per not in chain:
        chain.append(per)
        per = _parent(axes[per]) if per in axes else None
    return chain or [axis.address]


def _parent(axis: DimIR) -> str | None:
    return axis.per or axis.under


def _bad_parent(
    axes: Mapping[str, DimIR], axis: DimIR, chain: Sequence[str], *, bound: bool
) -> tuple[str, str, str] | None:
    """Rule, message and help if a dim cannot be per the one that it names; of one that is not there all was said."""
    parent = axes.get(chain[0])
    if parent is None:
        return None
    if parent.size is not None:
        what = f"`{parent.name}` has a fixed size, so `{axis.name}` cannot have a length for each of its entries"
        return "per-fixed", what, "`per` names an open dim; for one length write it as `size`"
    if axis.under is not None and not parent.ids and not bound:  # there the same path names both
        what = f"the entries of `{axis.name}` have ids, which begin with those of `{parent.name}`, and that has none"
        return "per-ids", what, f"give `{parent.name}` ids too: `ids: true`"
    if axis.address in chain:
        what = f"`{axis.name}` is per `{parent.name}`, and so in the end per itself"
        return "per-cycle", what, "one of these dims is open: write `open`, or give it a `source`"
    return None
