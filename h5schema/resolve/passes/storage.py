"""How each feature is stored: codec, level, chunk and layout, key by key from the groups around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from h5schema.spec import StoreSpec
from h5schema.vocabulary.codecs import CODECS

from ..draft import Draft, Given, Notes, Path
from ..ir import FeatureIR

Said: TypeAlias = "Mapping[str, Given[object]]"
"""What holds for a feature, by key, and where it was written."""

_KEYS = ("codec", "level", "chunk", "layout")


def resolve_storage(draft: Draft) -> Draft:
    """Gives each feature what was said of its storage."""
    notes = Notes(draft)
    resolved = {
        address: _stored(notes, feature, said_of(draft.settings[address].store), draft.features[address].path)
        for address, feature in draft.resolved.items()
    }
    return notes.done(draft._replace(resolved=resolved))


def said_of(stores: Sequence[Given[StoreSpec]]) -> Said:
    """What holds, of stores from the outermost to the feature's own: what an inner one contradicts is gone."""
    said: dict[str, Given[object]] = {}
    for store in stores:
        own = {
            key: Given[object](value, (*store.path, key), store.group)
            for key in _KEYS
            if (value := getattr(store.value, key)) is not None
        }
        for key in _contradicted(said, own):
            said.pop(key, None)
        said |= own
    return said


def _contradicted(outer: Said, own: Said) -> Iterator[str]:
    if "codec" in own and "codec" in outer and _word(own, "codec") != _word(outer, "codec"):
        yield "level"  # it was that of another codec
    if _word(own, "layout") == "contiguous":
        yield from ("codec", "level", "chunk")
    if _word(outer, "layout") == "contiguous" and ("chunk" in own or _word(own, "codec") != "none"):
        yield "layout"


def _word(said: Said, key: str) -> str:
    return str(said[key].value) if key in said else {"codec": "none", "layout": "auto"}[key]


class _Wrong(NamedTuple):
    """What does not go together, the key that is too much, and what to do."""

    message: str
    key: str
    help: str


def _level(said: Said) -> _Wrong | None:
    """A level that the codec does not have."""
    codec = CODECS[_word(said, "codec")]
    level = said["level"].value if "level" in said else None
    wrong = codec.refuses(level) if isinstance(level, int) else ""
    if not wrong:
        return None
    help = (
        "write `codec: default` beside it, or leave out `level`"
        if codec.level is None
        else f"its levels are {codec.levels}; without `level` it is {codec.level}"
    )
    return _Wrong(f"the codec `{_word(said, 'codec')}` has {wrong}", "level", help)


def _encoded(said: Said) -> _Wrong | None:
    """A codec of values that lie in one piece."""
    if _word(said, "layout") != "contiguous" or _word(said, "codec") == "none":
        return None
    message = "`layout: contiguous` is values in one piece, and HDF5 encodes chunks only"
    return _Wrong(message, "codec", "leave out `layout`, or write `codec: none`")


def _chunked(said: Said) -> _Wrong | None:
    """Chunks of values that lie in one piece."""
    if _word(said, "layout") != "contiguous" or "chunk" not in said:
        return None
    return _Wrong("`layout: contiguous` is values in one piece, without chunks", "chunk", "leave out one of the two")


_RULES: tuple[Callable[[Said], _Wrong | None], ...] = (_level, _encoded, _chunked)


def _stored(notes: Notes, feature: FeatureIR, said: Said, path: Path) -> FeatureIR:
    if not feature.dims or "@" in feature.path:
        _refuse_own(notes, feature, said, path)
        return feature
    for wrong in filter(None, (rule(said) for rule in _RULES)):
        notes.add("store", wrong.message, said[wrong.key].path, wrong.help, breaks=path)
    level, chunk = (said[key].value if key in said else None for key in ("level", "chunk"))
    return feature._replace(
        codec=_word(said, "codec"),
        level=level if isinstance(level, int) else None,
        chunk=chunk if isinstance(chunk, int) else None,
        layout=_word(said, "layout"),
    )


def _refuse_own(notes: Notes, feature: FeatureIR, said: Said, path: Path) -> None:
    """Refuses what a feature says that HDF5 stores in one piece anyway; what a group says is for the others."""
    own = next((given for given in said.values() if given.path[: len(path)] == path), None)
    if own is not None:
        what = "an attribute" if "@" in feature.path else "one value"
        message = f"`{feature.address}` is {what}: HDF5 stores it without chunks and without a codec"
        notes.add("store", message, own.path, "leave out `store`", breaks=path)
