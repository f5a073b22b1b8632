"""Loaders: every address found, every input one that a batch can hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, cast

from h5schema.spec import LoaderSpec
from h5schema.vocabulary import reserved
from h5schema.vocabulary.sampled import Sampled, wrong_split
from h5schema.vocabulary.suggest import closest

from ..conditions import conditions
from ..draft import Draft, Notes, Path
from ..fed import Fed
from ..ir import DimIR, LoaderIR, RecordIR
from ..naming import Wanted, name_classes
from ..records import with_classes_of
from ..samplers import sampler_of
from ..samples import batch_of
from ..scope import chain_of, sampled_dims
from ..windows import windows_of
from .classes import complain


def resolve_loaders(draft: Draft) -> Draft:
    """Makes a `LoaderIR` of each loader."""
    notes = Notes(draft)
    specs = {name: spec for name, spec in draft.reading.schema.loaders.items() if not notes.breaks(("loaders", name))}
    taken = reserved.IN_MODULES | set(draft.classes.values())
    wanted = [Wanted(name, (name,), "Loader", ("loaders", name)) for name in specs]
    classes, clashes = name_classes(wanted, taken)
    for clash in clashes:
        complain(notes, clash)
    loaders: list[LoaderIR] = []
    for name, spec in specs.items():
        loader = _loader(draft, notes, name, classes[name], spec)
        if loader is not None and not notes.breaks(("loaders", name)):
            loaders.append(loader)
    _check_batches(notes, loaders, draft.classes["file"])
    return notes.done(draft._replace(loaders=tuple(_sharing(loaders))))


def _sharing(loaders: list[LoaderIR]) -> Iterator[LoaderIR]:
    """Loaders whose batches are alike have one class for them, so that one function can take the batches of all."""
    found: list[LoaderIR] = []
    for loader in loaders:
        alike = (with_classes_of(loader.sample, one.sample) for one in found if one.over == loader.over)
        sample = next((one for one in alike if isinstance(one, RecordIR)), None)
        if sample is None:
            found.append(loader)
        yield loader if sample is None else loader._replace(sample=sample)


def _check_batches(notes: Notes, loaders: list[LoaderIR], file: str) -> None:
    """Refuses two classes of one name among loaders and what their batches are made of."""
    owner = {file: "the file"} | {loader.class_name: f"loader `{loader.name}`" for loader in loaders}
    for loader in loaders:
        for name in dict.fromkeys((loader.batch_name, *(one.class_name for one in records_of(loader)))):
            if name in owner:
                notes.add(
                    "class-twice",
                    f"a batch of `{loader.name}` would be the class `{name}`, and so is {owner[name]}",
                    ("loaders", loader.name),
                    "names that differ in capitals and `_` only are one in code: change one of them",
                    key=True,
                )
            owner.setdefault(name, f"a batch of `{loader.name}`")


def records_of(loader: LoaderIR) -> Iterator[RecordIR]:
    """All classes of a loader's batch."""
    waiting = [loader.sample]
    while waiting:
        sample = waiting.pop()
        if isinstance(sample, RecordIR):
            yield sample
            waiting += [item for _, item in sample.items]


def _loader(draft: Draft, notes: Notes, name: str, class_name: str, spec: LoaderSpec) -> LoaderIR | None:
    """The loader; None, with a complaint, if something in it is not there."""
    path: Path = ("loaders", name)
    axes = sampled_dims(draft, notes, spec.over, path)
    roots = tuple(draft.axes[chain_of(draft.axes, axis)[0]] for axis in axes)
    split = _split(draft, notes, spec, path, roots)
    if not axes:
        return None
    axis, root = axes[0], roots[0]
    fed = Fed(draft, notes, path, axis, root, roots)
    if axis is not root and not any(axis.address in feature.dims for feature in draft.resolved.values()):
        fed.add(
            "over",
            f"no feature is over `{axis.name}`, so there are no entries to sample",
            ("over",),
            f"name it in the dims of a feature, or write over: {root.address}",
        )
    fed = fed._replace(windows=tuple(windows_of(fed, spec.window)))
    divided = next((one.over for one in draft.splits if split is not None and one.name == split[0]), ())
    if len(divided) > 1 and set(divided) & set(dict(fed.windows)):
        what = "windows around the elements that a split has dealt come with a later version"
        fed.add("not-yet", what, ("split",), "for now split one of the dims")
    where = tuple(conditions(fed, spec.where))
    fed = fed._replace(present=_present(draft, spec))
    sample = batch_of(fed, spec, class_name)
    if sample is None:
        return None
    return LoaderIR(
        name=name,
        class_name=class_name,
        function=f"{name}_loader",
        batch_name=f"{class_name}Batch",
        over=tuple(one.address for one in axes),
        roots=tuple(one.address for one in roots),
        sample=sample,
        split=split,
        where=where,
        window=fed.windows,
        batch_size=spec.batch.size,
        shuffle=cast('bool | Literal["chunks"]', spec.batch.shuffle),
        drop_last=spec.batch.drop_last,
        sampler=sampler_of(fed, spec.batch),
        transform=spec.transform,
        batch_transform=spec.batch.transform,
        doc=spec.doc,
    )


def _present(draft: Draft, spec: LoaderSpec) -> frozenset[str]:
    """Addresses that every sample has; all of them if `where` means one that nobody knows."""
    if any(address not in draft.features for address in spec.where):
        return frozenset(draft.features)
    return frozenset(address for address, asked in spec.where.items() if asked.present is not False)


def _split(
    draft: Draft, notes: Notes, spec: LoaderSpec, path: Path, roots: tuple[DimIR, ...]
) -> tuple[str, str] | None:
    if spec.split is None:
        return None
    where = (*path, "split")
    name, _, part = spec.split.partition("/")
    declared = draft.reading.schema.splits
    if name not in declared:
        if draft.reading.poisoned.isdisjoint({("splits", name), ("splits",)}):
            near = closest(name, declared)
            known = [f"`{one}/{its}`" for one, split in declared.items() for its in split.parts]
            others = f"write {' or '.join(known[:4])}" if known else "declare it in `splits`"
            help = f"did you mean `{near}/{part}`?" if near else others
            notes.add("unknown-split", f"there is no split `{name}`", where, help, within=(0, len(name)), breaks=path)
        return None
    parts = declared[name].parts
    if part not in parts:
        near = closest(part, parts)
        notes.add(
            "unknown-part",
            f"split `{name}` has no part `{part}`" if part else f"`{name}` is a split; a loader uses a part of it",
            where,
            f"did you mean `{name}/{near}`?" if near else f"write {' or '.join(f'`{name}/{one}`' for one in parts)}",
            within=(len(name) + 1, len(part)) if part else None,
            breaks=path,
        )
        return None
    over = next((split.over for split in draft.splits if split.name == name), None)
    known = [root.address for root in roots]
    wrong = wrong_split(Sampled(known[0], known), name, over) if known and over is not None else None
    if wrong is not None:
        notes.add("split-over", wrong.message, where, wrong.help, breaks=path)
        return None
    return name, part
