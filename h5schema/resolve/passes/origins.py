"""How extraction makes each feature: from its file, a capture, or other features."""

from __future__ import annotations

from collections.abc import Iterable

from h5schema.vocabulary.dtypes import NUMBERS
from h5schema.vocabulary.patterns import CaptureKind, Pattern, PatternError
from h5schema.vocabulary.sources import CapturedKind, source_kind

from ..calls import call_is_known
from ..captures import captured, relative_pattern
from ..draft import Draft, Given, Notes, Path, Settings
from ..ir import FeatureIR, OriginIR
from ..scope import find_feature
from ..transposes import is_transposed, matrix_of
from .axes import folder_of
from .inherit import is_capture


def resolve_origins(draft: Draft) -> Draft:
    """Gives each feature that extraction makes its origin."""
    notes = Notes(draft)
    resolved: dict[str, FeatureIR] = {}
    for address, declared in draft.features.items():
        known = call_is_known(notes, draft.settings[address].call, declared.path)
        feature = draft.resolved.get(address)
        if feature is not None:
            if is_transposed(draft, address):
                resolved[address] = feature._replace(transposes=matrix_of(draft, notes, feature))
                continue
            origin = _Origin(draft, notes, feature).resolve(known)
            resolved[address] = feature._replace(origin=origin if known else None)
    return notes.done(draft._replace(resolved=resolved))


_TAKEN_AS: dict[str, CapturedKind] = {"int": "int", "uint": "int", "float": "float", "bool": "bool"}
"""What a value of a table is taken as, for a feature of numbers."""


_FROM_TEXT = ("str", "enum", "category")
"""Dtypes besides numbers of which a capture is a value as it is."""


class _Origin:
    """The origin of one feature."""

    def __init__(self, draft: Draft, notes: Notes, feature: FeatureIR) -> None:
        self._draft = draft
        self._notes = notes
        self._feature = feature
        self._path = draft.features[feature.address].path
        self._settings: Settings = draft.settings[feature.address]
        lead = feature.dims[0] if feature.dims else None
        axis = draft.axes[lead] if isinstance(lead, str) else None
        self._lead = axis
        source = None if axis is None else axis.source
        self._sourced = source is not None
        known = source is not None and source_kind(source) == "pattern"
        self._pattern = Pattern.parse(source) if known and source is not None else None  # a table is read later

    def resolve(self, known: bool) -> OriginIR | None:
        """The origin; None, with a complaint, if there is none. Of an unknown call only `from` is checked."""
        said = self._settings
        if said.source is not None and said.origin is not None:
            self._complain(
                "two-origins",
                "`source` hands over another file, `from` something else: a feature has one of them",
                said.origin,
                "leave out one of them",
            )
            return None
        if not self._takes_params():
            return None
        if said.origin is not None and is_capture(said.origin.value):
            return self._from_capture(said.origin)
        if said.origin is not None:
            return self._from_features(said.origin)
        return self._from_file() if known else None

    def _complain(self, rule: str, message: str, given: Given[object], help: str) -> None:
        self._notes.add(rule, message, given.path, help, breaks=self._path)

    def _takes_params(self) -> bool:
        """Whether `params`, if there are any, have a call to go to."""
        call, params = self._settings.call, self._settings.params
        if call is not None or params is None or len(params.path) <= 2 or params.path[:-1] != self._path:
            return True
        self._notes.add(
            "params-without-call",
            "`params` are handed to `call`, and there is none",
            params.path,
            "write a `call`, or leave them out",
            key=True,
            breaks=self._path,
        )
        return False

    def _made(self, **what: object) -> OriginIR:
        call, params = self._settings.call, self._settings.params
        made = OriginIR(
            call=None if call is None else call.value,
            params=tuple(params.value.items()) if call is not None and params is not None else (),
        )
        return made._replace(**what)  # type: ignore[arg-type]

    def _entry_of(self, given: Given[object], what: str) -> bool:
        """Whether entries of the feature come from sources; `what` says what a source is for."""
        if self._sourced:
            return True
        if self._lead is None:
            self._complain(
                "no-dims",
                f"{what}, but `{self._feature.name}` has no dim of entries",
                given,
                self._dims_help(),
            )
        elif self._lead.size is None:
            self._complain(
                "no-source",
                f"{what}, but the dim `{self._lead.name}` has no `source`",
                given,
                f"give the dim one, such as {self._lead.name}: {{source: '{{name}}.jpg'}}",
            )
        else:
            self._complain(
                "no-source",
                f"{what}, but `{self._feature.name}` begins with the fixed dim `{self._lead.name}`",
                given,
                self._dims_help(),
            )
        return False

    def _dims_help(self) -> str:
        with_source = [axis.name for axis in self._draft.axes.values() if axis.source is not None]
        if not with_source:
            return "declare a dim with a `source`, and name it in `dims`"
        rest = ", ".join(str(dim) for dim in (with_source[0], *self._feature.dims))
        return f"write dims: [{rest}]"

    def _from_file(self) -> OriginIR | None:
        call, source = self._settings.call, self._settings.source
        if call is None:
            if source is not None and source.path[:-1] == self._path:
                self._complain(
                    "no-call",
                    "`source` names a second file, and there is no `call` that reads it",
                    source,
                    "add a `call`, such as `call: my_module:my_function`",
                )
            return None
        if source is None:
            if (self._lead is None or self._lead.size is not None) and ":" in call.value:
                return self._made()  # one value for the file: it is called once, without anything
            return self._made() if self._entry_of(call, f"`{call.value}` is handed the file of an entry") else None
        if not self._entry_of(source, "a second file is found by the path of a source"):
            return None
        wanted = relative_pattern(self._notes, source.value, source.path, self._path)
        if wanted is None or not self._captured(wanted, source.path):
            return None
        assert self._lead is not None
        return self._made(source=folder_of(self._draft, self._lead.group) + source.value)

    def _from_capture(self, origin: Given[tuple[str, ...]]) -> OriginIR | None:
        text = origin.value[0]
        try:
            wanted = Pattern.parse(text)
        except PatternError as error:
            self._notes.add(
                "pattern", str(error), origin.path, error.help, within=(error.offset, error.width), breaks=self._path
            )
            return None
        name = next(iter(wanted.captures), "")
        if len(origin.value) > 1 or text != f"{{{name}}}":
            shown = ", ".join(origin.value)
            self._complain(
                "one-capture",
                f"`from` takes one capture, not '{shown}'",
                origin,
                f"write '{{{name}}}'" if name else "write '{name}', the name of a capture of the source",
            )
            return None
        if not self._entry_of(origin, f"the capture {{{name}}} is cut from the path of a source"):
            return None
        if not self._captured(wanted, origin.path):
            return None
        if self._settings.call is not None:
            return self._made(capture=name)
        kind = None if self._pattern is None else self._pattern.captures[name]
        return self._made(capture=name, kind=self._taken_as(kind)) if self._fits(name, kind, origin) else None

    def _captured(self, wanted: Pattern, path: Path) -> bool:
        """Whether the source captures all that; what a table captures is known when it is read."""
        if self._pattern is None:
            return True
        assert self._lead is not None
        return captured(self._notes, wanted, self._pattern, path, self._path, self._lead.name)

    def _taken_as(self, kind: CaptureKind | None) -> CapturedKind:
        """What the value of a table is taken as; a pattern says so itself."""
        if kind is not None:
            return ""
        dtype = self._feature.dtype.name
        return _TAKEN_AS[NUMBERS[dtype].kind] if dtype in NUMBERS else "str"

    def _fits(self, name: str, kind: CaptureKind | None, origin: Given[tuple[str, ...]]) -> bool:
        """Whether a capture, as it is, can be a value of the feature."""
        assert self._lead is not None
        dtype, lead = self._feature.dtype.name, self._lead.name
        if len(self._feature.dims) > 1:
            self._complain(
                "capture-dims",
                f"a capture is one value for each entry, but `{self._feature.name}` has more dims",
                origin,
                f"write dims: [{lead}], or a `call` that makes an array of it",
            )
        elif dtype not in NUMBERS and dtype not in _FROM_TEXT:
            self._complain(
                "capture-dtype",
                f"the capture {{{name}}} is a text or a number, not {dtype}",
                origin,
                "write a `call` that makes the value of it",
            )
        elif kind is None and dtype in NUMBERS and NUMBERS[dtype].kind not in _TAKEN_AS:
            self._complain(
                "capture-dtype", f"a table holds no {dtype}", origin, "write a `call` that makes the value of it"
            )
        elif kind is None:
            return True
        elif dtype in NUMBERS and kind != "int":
            self._complain(
                "capture-dtype",
                f"the capture {{{name}}} is a text, not {_a(dtype)}",
                origin,
                f"write {{{name}:int}} in the source of `{lead}`, or dtype: str"
                if NUMBERS[dtype].kind in ("int", "uint", "float")
                else "write a `call` that makes the value of it",
            )
        elif dtype in NUMBERS and NUMBERS[dtype].kind not in ("int", "uint", "float"):
            self._complain(
                "capture-dtype",
                f"the capture {{{name}:int}} is a whole number, not {_a(dtype)}",
                origin,
                "write a `call` that makes the value of it",
            )
        elif dtype not in NUMBERS and kind == "int":
            self._complain(
                "capture-dtype",
                f"the capture {{{name}:int}} is a whole number, not a text",
                origin,
                f"write {{{name}}} in the source of `{lead}`",
            )
        else:
            return True
        return False

    def _from_features(self, origin: Given[tuple[str, ...]]) -> OriginIR | None:
        given: list[str] = []
        for index, address in enumerate(origin.value):
            path = (*origin.path, index)
            if self._pattern is not None and address not in self._draft.features and address in self._pattern.captures:
                self._notes.add(
                    "unknown-feature",
                    f"there is no feature `{address}`",
                    path,
                    f"for the capture of the source write '{{{address}}}', quotes included",
                    breaks=self._path,
                )
                continue
            found = find_feature(self._draft, self._notes, address, path, breaks=self._path, group=origin.group)
            if found is not None:
                given.append(found)
        if len(given) < len(origin.value):
            return None
        if self._settings.call is None:
            name, alone = self._feature.name, len(given) == 1
            self._complain(
                "no-call",
                f"`{name}` would be a copy of `{given[0]}`: `from` hands features to a `call`, and there is none"
                if alone
                else f"`from` hands {_listed(given)} to a `call`, and there is none",
                origin,
                "add one, such as `call: my_module:my_function`"
                + (f"; or leave `{name}` out, and use `{given[0]}` itself" if alone else ""),
            )
            return None
        return self._made(given=tuple(given)) if self._together(given, origin) else None

    def _together(self, given: Iterable[str], origin: Given[tuple[str, ...]]) -> bool:
        """Whether the features have the same entries as this one."""
        if not self._sourced:
            self._complain(
                "not-yet",
                "features made of others are computed while sources are extracted, and this one has no source; "
                "computing them otherwise comes with a later version",
                origin,
                "for now leave out `from` and `call`, and write the values",
            )
            return False
        assert self._lead is not None
        for index, address in enumerate(given):
            other = self._draft.resolved.get(address)
            if other is None or (other.dims and other.dims[0] == self._lead.address):
                continue
            self._notes.add(
                "not-yet",
                f"`{address}` has no entry for each `{self._lead.name}`; "
                "features made of those of other dims come with a later version",
                (*origin.path, index),
                f"for now give features that begin with `{self._lead.name}`",
                breaks=self._path,
            )
            return False
        return True


def _a(dtype: str) -> str:
    return f"{'an' if dtype[0] in 'aeiou' and not dtype.startswith('uint') else 'a'} {dtype}"


def _listed(addresses: Iterable[str]) -> str:
    return ", ".join(f"`{address}`" for address in addresses)
