"""Loaders: every address found, every input one that a batch can hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from h5schema.spec import InputSpec, ListSpec, LoaderSpec, MapSpec, PredicateSpec
from h5schema.vocabulary import reserved
from h5schema.vocabulary.dtypes import NUMBERS, keeps_values
from h5schema.vocabulary.suggest import closest

from ..draft import Draft, Notes, Path
from ..identifiers import camel
from ..ir import DimIR, FeatureIR, LoaderIR, MappingIR, PredicateIR, SampleIR, TakeIR, TupleIR
from ..naming import Wanted, name_classes
from ..scope import find_dim, find_feature, find_input
from ..values import as_check, checked, impossible
from .classes import complain
from .shapes import is_open

Tree = InputSpec | ListSpec | MapSpec


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
        loader = _Loader(draft, notes, name, classes[name], spec).resolve()
        if loader is not None and not notes.breaks(("loaders", name)):
            loaders.append(loader)
    _check_batches(notes, loaders)
    return notes.done(replace(draft, loaders=tuple(loaders)))


def _check_batches(notes: Notes, loaders: list[LoaderIR]) -> None:
    """Refuses a loader whose class is called as the batch of another."""
    owner = {loader.class_name: loader.name for loader in loaders}
    for loader in loaders:
        derived = {f"{loader.class_name}Batch"} | {one.class_name for one in mappings_of(loader)}
        for name in sorted(derived & set(owner)):
            notes.add(
                "class-twice",
                f"`{owner[name]}` becomes the class `{name}`, and so does a batch of `{loader.name}`",
                ("loaders", owner[name]),
                "change one of the two names",
                key=True,
            )


def mappings_of(loader: LoaderIR) -> Iterator[MappingIR]:
    """All TypedDicts of a loader's batch."""
    waiting = [loader.targets, loader.inputs]
    while waiting:
        sample = waiting.pop()
        if isinstance(sample, MappingIR):
            yield sample
            waiting += [item for _, item in sample.items]
        elif isinstance(sample, TupleIR):
            waiting += sample.items


class _Loader:
    """One loader."""

    def __init__(self, draft: Draft, notes: Notes, name: str, class_name: str, spec: LoaderSpec) -> None:
        self._draft = draft
        self._notes = notes
        self._name = name
        self._class = class_name
        self._spec = spec
        self._path: Path = ("loaders", name)
        self._present: frozenset[str] = frozenset()

    def resolve(self) -> LoaderIR | None:
        """The loader; None, with a complaint, if something in it is not there."""
        spec = self._spec
        axis = self._over()
        split = self._split(axis)
        if axis is None:
            return None
        where = tuple(self._where(axis))
        self._present = frozenset(
            address for address, asked in where if asked.present or asked.values is not None or asked.check is not None
        )
        inputs = self._sample(spec.inputs, axis, ("inputs",), f"{self._class}Inputs")
        targets = None
        if spec.targets is not None:
            targets = self._sample(spec.targets, axis, ("targets",), f"{self._class}Targets")
        if inputs is None or (targets is None and spec.targets is not None):
            return None
        return LoaderIR(
            name=self._name,
            class_name=self._class,
            function=f"{self._name}_loader",
            over=axis.address,
            inputs=inputs,
            targets=targets,
            split=split,
            where=tuple((address, asked) for address, asked in where if not self._always(address, asked)),
            batch_size=spec.batch.size,
            shuffle=spec.batch.shuffle is True,
            drop_last=spec.batch.drop_last,
            doc=spec.doc,
        )

    def _add(
        self,
        rule: str,
        message: str,
        where: Path,
        help: str = "",
        *,
        key: bool = False,
        within: tuple[int, int] | None = None,
    ) -> None:
        self._notes.add(rule, message, (*self._path, *where), help, key=key, within=within, breaks=self._path)

    def _over(self) -> DimIR | None:
        address = find_dim(self._draft, self._notes, "", self._spec.over[0], (*self._path, "over"), breaks=self._path)
        if address is None or address not in self._draft.axes:
            self._notes.break_(self._path)
            return None
        axis = self._draft.axes[address]
        if is_open(self._draft.axes, address):
            return axis
        if axis.per is not None:
            self._add(
                "not-yet",
                f"`{axis.name}` is ragged; loaders over ragged dims come with a later version",
                ("over",),
                f"for now run over `{axis.per}`",
            )
        else:
            self._add(
                "fixed-dim",
                f"`{axis.name}` has a fixed size: it has no entries that could be samples",
                ("over",),
                "run over an open dim",
            )
        return None

    def _split(self, axis: DimIR | None) -> tuple[str, str] | None:
        if self._spec.split is None:
            return None
        name, _, part = self._spec.split.partition("/")
        declared = self._draft.reading.schema.splits
        if name not in declared:
            if not self._lost(name):
                near = closest(name, declared)
                known = ", ".join(f"`{one}/{part}`" for one, spec in declared.items() for part in spec.parts)
                self._add(
                    "unknown-split",
                    f"there is no split `{name}`",
                    ("split",),
                    f"did you mean `{near}/{part}`?" if near else f"there is {known}" if known else "declare `splits`",
                    within=(0, len(name)),
                )
            return None
        if part not in declared[name].parts:
            near = closest(part, declared[name].parts)
            known = ", ".join(f"`{name}/{one}`" for one in declared[name].parts)
            self._add(
                "unknown-part",
                f"split `{name}` has no part `{part}`" if part else f"`{name}` is a split; a loader uses a part of it",
                ("split",),
                f"did you mean `{name}/{near}`?" if near else f"write one of {known}",
                within=(len(name) + 1, len(part)) if part else None,
            )
            return None
        over = next((split.over for split in self._draft.splits if split.name == name), None)
        if axis is not None and over is not None and over != axis.address:
            self._add(
                "split-over",
                f"split `{name}` is over `{over}`, but this loader runs over `{axis.address}`",
                ("split",),
                f"declare a split over `{axis.address}`",
            )
            return None
        return name, part

    def _lost(self, name: str) -> bool:
        poisoned = self._draft.reading.poisoned
        return ("splits", name) in poisoned or ("splits",) in poisoned

    # What is asked of samples.

    def _where(self, axis: DimIR) -> Iterator[tuple[str, PredicateIR]]:
        for address, asked in self._spec.where.items():
            path = (*self._path, "where", address)
            if find_feature(self._draft, self._notes, address, path, breaks=self._path, key=True) is None:
                continue
            feature = self._draft.resolved.get(address)
            if feature is None:
                self._notes.break_(self._path)
                continue
            if self._can_ask(feature, asked, axis):
                yield address, self._predicate(feature, asked)

    def _can_ask(self, feature: FeatureIR, asked: PredicateSpec, axis: DimIR) -> bool:
        at = ("where", feature.address)
        shown = f"`{feature.address}` [{', '.join(map(str, feature.dims))}]"
        if not feature.dims or feature.dims[0] != axis.address:
            self._add(
                "where",
                f"{shown} has no value for each `{axis.name}`",
                at,
                f"`where` asks features that begin with `{axis.name}`",
                key=True,
            )
            return False
        if asked.present is None and len(feature.dims) > 1:
            self._add(
                "where",
                f"{shown} is more than one value for each `{axis.name}`",
                at,
                "`where` compares single values; of this one it can ask `present` or `absent`",
                key=True,
            )
            return False
        if asked.present is not None and not feature.optional:
            if asked.present:
                self._notes.add(
                    "unwise-where",
                    f"`{feature.address}` is never absent: it is not optional",
                    (*self._path, *at),
                    "leave it out, or write `optional: true` in the feature",
                    severity="warning",
                )
            else:
                self._add(
                    "where",
                    f"`{feature.address}` is never absent, so there would be no samples",
                    at,
                    "leave it out, or write `optional: true` in the feature",
                )
        return True

    def _always(self, address: str, asked: PredicateIR) -> bool:
        return asked.present is True and not self._draft.resolved[address].optional

    def _predicate(self, feature: FeatureIR, asked: PredicateSpec) -> PredicateIR:
        at = ("where", feature.address)
        if asked.check is not None:
            for key, message, help in checked(feature, asked.check):
                self._add("check", message, (*at, key), help)
            return PredicateIR(check=as_check(asked.check))
        for index, value in enumerate(asked.values or ()):
            wrong = impossible(feature, self._draft.enums, value)
            if wrong is not None:
                self._add("value", wrong[0], (*at, index), wrong[1])
        return PredicateIR(values=asked.values, present=asked.present)

    # What a sample holds.

    def _sample(self, tree: Tree, axis: DimIR, at: Path, class_name: str) -> SampleIR | None:
        match tree:
            case InputSpec():
                return self._input(tree, axis, at, class_name)
            case ListSpec():
                items = [
                    self._sample(item, axis, (*at, index), f"{class_name}{index}")
                    for index, item in enumerate(tree.items)
                ]
                good = tuple(item for item in items if item is not None)
                return TupleIR(good) if len(good) == len(items) else None
            case MapSpec():
                found: dict[str, SampleIR | None] = {}
                for key, item in tree.items.items():
                    if key in reserved.IN_DECLARATIONS:
                        self._add(
                            "reserved-name",
                            f"`{key}` means something else in generated code",
                            (*at, key),
                            f"call it `{key}_value`, for example",
                            key=True,
                        )
                    found[key] = self._sample(item, axis, (*at, key), class_name + camel(key))
                mapped = tuple((key, item) for key, item in found.items() if item is not None)
                return MappingIR(class_name, mapped) if len(mapped) == len(found) else None

    def _input(self, spec: InputSpec, axis: DimIR, at: Path, class_name: str) -> SampleIR | None:
        where = (*self._path, *at, "feature")
        kind = find_input(self._draft, self._notes, spec.feature, where, breaks=self._path)
        if kind is None:
            return None
        return _TAKERS[kind](self, spec, axis, at, class_name)

    def take_dim(self, spec: InputSpec, axis: DimIR, at: Path, class_name: str) -> SampleIR | None:
        """A dim as an input: the sample's position in it, or its id."""
        if spec.feature != axis.address:
            self._add(
                "input",
                f"a sample is an entry of `{axis.address}`; it has no one position in `{spec.feature}`",
                (*at, "feature"),
                f"write `{axis.address}`",
            )
            return None
        if spec.as_ not in (None, "id"):
            self._add("as", f"a position has no form `{spec.as_}`", (*at, "as"), "write `as: id`, or leave it out")
            return None
        if spec.as_ == "id" and not axis.ids:
            self._add("as", f"entries of `{axis.name}` have no ids", (*at, "as"), f"write `ids: true` in `{axis.name}`")
            return None
        if spec.dtype is not None or spec.fill is not None:
            key = "dtype" if spec.dtype is not None else "fill"
            self._add("input", f"a dim as an input has no `{key}`: it is never absent, and int64", (*at, key), key=True)
            return None
        return TakeIR(spec.feature, "dim", form=spec.as_)

    def take_group(self, spec: InputSpec, axis: DimIR, at: Path, class_name: str) -> SampleIR | None:
        """A group as an input: the mapping of its features."""
        prefix = f"{spec.feature}/"
        items: dict[str, SampleIR] = {}
        for address in [*self._draft.features, *self._draft.groups]:
            name = address.removeprefix(prefix)
            if not address.startswith(prefix) or "/" in name:
                continue
            inner = spec.model_copy(update={"feature": address})
            if address in self._draft.groups:
                item = self.take_group(inner, axis, at, class_name + camel(name))
            else:
                item = self.take_feature(inner, axis, at, class_name)
            if item is None:
                return None
            items[name] = item
        if not items:
            self._add("input", f"group `{spec.feature}` has no features", (*at, "feature"), "name a feature")
            return None
        return MappingIR(class_name, tuple(items.items()))

    def take_feature(self, spec: InputSpec, axis: DimIR, at: Path, class_name: str) -> SampleIR | None:
        """A feature as an input."""
        feature = self._draft.resolved.get(spec.feature)
        if feature is None:
            self._notes.break_(self._path)
            return None
        lead = feature.dims[0] if feature.dims else None
        if isinstance(lead, str) and lead != axis.address and self._draft.axes[lead].size is None:
            self._add(
                "not-yet",
                f"`{feature.address}` is over `{lead}`, which a sample of `{axis.name}` is no part of; "
                "taking it whole comes with a later version",
                (*at, "feature"),
                f"for now take features that begin with `{axis.name}`, or that have no dim of entries",
            )
            return None
        rules = (self._form, self._dtype, self._fill)
        if not all([rule(spec, feature, at) for rule in rules]):  # a list: each rule has its say
            return None
        return TakeIR(feature.address, dtype=spec.dtype, form=spec.as_, fill=spec.fill)

    def _form(self, spec: InputSpec, feature: FeatureIR, at: Path) -> bool:
        if spec.as_ is None or (feature.kind == "ragged" and spec.as_ != "id"):
            return True
        if spec.as_ == "list" and feature.kind == "text":
            return True
        if spec.as_ == "id":
            message, help = f"`{feature.address}` is a feature; `as: id` is for dims", "name the dim, or leave out `as`"
        else:
            message = f"every entry of `{feature.address}` has the same shape: there is nothing to {_DOES[spec.as_]}"
            help = "leave out `as`"
        self._add("as", message, (*at, "as"), help)
        return False

    def _dtype(self, spec: InputSpec, feature: FeatureIR, at: Path) -> bool:
        wanted = spec.dtype
        if wanted is None:
            return True
        stored = feature.dtype.name
        if stored == "str":
            self._add(
                "dtype", f"`{feature.address}` holds texts: they have no {wanted}", (*at, "dtype"), "leave it out"
            )
            return False
        if stored == "enum":
            enum = self._draft.enums.get(feature.address)
            stored = "uint8" if enum is None else enum.base
        if keeps_values(stored, wanted) or (NUMBERS[stored].kind, NUMBERS[wanted].kind) in _NARROWED:
            return True
        self._add(
            "dtype",
            f"`{feature.address}` is {stored}: as {wanted} its values would be others",
            (*at, "dtype"),
            f"leave `dtype` out: then it is loaded as {stored}",
        )
        return False

    def _fill(self, spec: InputSpec, feature: FeatureIR, at: Path) -> bool:
        if spec.fill is None:
            if feature.optional and feature.address not in self._present:
                self._notes.add(
                    "unwise-optional",
                    f"`{feature.address}` may be absent, and then a batch cannot be made",
                    (*self._path, *at, "feature"),
                    f"add `where: {{{feature.address}: present}}` to the loader, or a `fill` to the input",
                    severity="warning",
                )
            return True
        if not feature.optional:
            self._add(
                "fill",
                f"`{feature.address}` is never absent: it is not optional",
                (*at, "fill"),
                "leave out `fill`, or write `optional: true` in the feature",
            )
            return False
        wrong = impossible(feature, self._draft.enums, spec.fill)
        if wrong is not None:
            self._add("fill", wrong[0], (*at, "fill"), wrong[1])
            return False
        return True


_TAKERS = {"dim": _Loader.take_dim, "group": _Loader.take_group, "feature": _Loader.take_feature}
_DOES = {"pad": "pad", "mask": "mask", "packed": "pack", "list": "list apart"}
_NARROWED = frozenset(
    {("float", "float"), ("complex", "complex")}
    | {(stored, loaded) for stored in ("int", "uint") for loaded in ("int", "uint", "float", "complex")}
)
"""Kinds between which a loader may ask for a cast: floats are rounded, whole numbers checked when they are read."""
