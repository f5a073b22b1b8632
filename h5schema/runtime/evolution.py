"""Files that an older version of a schema wrote: which of them a class takes, and where its features are in them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal, TypeAlias, cast

import h5py

from . import stamp
from .damage import readable
from .declared import Schema
from .kinds import Place
from .model import Model

Records: TypeAlias = "Mapping[str, Mapping[str, object]]"
Use: TypeAlias = Literal["read", "change", "update"]


def model_in(file: h5py.File, schema: Schema, model: Model, use: Use = "read") -> Model:
    """The model of a class as a file has it: things lie under the names of the version that wrote it.

    Args:
        file: That was opened.
        schema: Of the class.
        model: Of the class.
        use: What for. Where entries change, nothing may be left out; a file that is updated may lack something.

    Raises:
        FileError: The file is not of this schema, and of no older version that the schema speaks of.
    """
    if not (schema.renamed or schema.reserved):
        if use == "update":
            stamp.expect_less(file, model.layout)
        else:
            stamp.expect(file, schema, model.layout)
        return model
    if stamp.is_of(file, schema):
        return model
    with readable(f"{file.filename}: {stamp.LAYOUT}"):
        stored = stamp.layout_of(file)
    there = cast("Records", stored["features"])
    names = {address: _found(address, schema.renamed, there) for address in model.features}
    older = _renamed(model, schema, {new: old for new, old in names.items() if new != old}, there)
    described = older.layout()
    wanted = {
        **described,
        "features": {names[new]: record for new, record in cast("Records", described["features"]).items()},
    }
    known = _without(stored, () if use == "change" else _left_out(stored, wanted, schema))
    differences = stamp.differences(known, stamp.plain(wanted), more=use == "update")
    said = list(_explained(differences, schema, there, changed=use == "change"))
    if said:
        raise stamp.not_updated(file, said) if use == "update" else stamp.another(file, schema, said)
    return older


def _found(address: str, renamed: Mapping[str, str], stored: Records) -> str:
    """The address that a feature has in a file: its own, or the only older one that the file has."""
    older = [one for one in older_names(address, renamed) if one in stored]
    return older[0] if address not in stored and len(older) == 1 else address


def older_names(address: str, renamed: Mapping[str, str]) -> tuple[str, ...]:
    """What an address was in older versions: it, and each group around it, may have had another name."""
    parts = address.split("/")
    names: Iterable[tuple[str, ...]] = (
        (part, renamed[known]) if (known := "/".join(parts[: end + 1])) in renamed else (part,)
        for end, part in enumerate(parts)
    )
    return tuple("/".join(one) for one in itertools.product(*names))[1:]


def _renamed(model: Model, schema: Schema, names: Mapping[str, str], stored: Records) -> Model:
    """The model with features where an older version put them; groups that it called otherwise are there already."""
    if not names:
        return model
    places = {address: _moved(place, names.get(address), stored) for address, place in model.places.items()}
    groups = {address: path for address, path in model.groups.items() if not older_names(address, schema.renamed)}
    return replace(model, places=places, groups=groups)


def _moved(place: Place, old: str | None, stored: Records) -> Place:
    if old is None:
        return place
    path = str(stored[old]["path"])
    table = place.table
    if table is not None:  # as far above the member as it is above that of today
        table = "/".join(path.split("/")[: table.count("/") - place.path.count("/")])
    return place._replace(address=old, path=path, table=table)


def _left_out(stored: Mapping[str, object], wanted: Mapping[str, object], schema: Schema) -> Iterator[tuple[str, str]]:
    """What a file has and the class does not, because its schema reserves the name."""
    taken = {one for address in schema.renamed for one in older_names(address, schema.renamed)}
    for section in ("dims", "features"):
        for address in cast("Records", stored[section]):
            outer = itertools.accumulate(address.split("/"), "{}/{}".format)
            reserved = any(one in schema.reserved and one not in taken for one in outer)
            if reserved and address not in cast("Records", wanted[section]):
                yield section, address


def _without(stored: Mapping[str, object], left_out: Iterable[tuple[str, str]]) -> Mapping[str, object]:
    gone = set(left_out)
    return {
        key: {name: record for name, record in cast("Records", value).items() if (key, name) not in gone}
        if key in ("dims", "features")
        else value
        for key, value in stored.items()
    }


def _explained(differences: Iterable[str], schema: Schema, stored: Records, *, changed: bool) -> Iterator[str]:
    """Differences, with what the schema says of names."""
    for line in differences:
        noun, _, rest = line.partition(" ")
        address = rest.partition(":")[0]
        older = older_names(address, schema.renamed)
        new = next((one for one in schema.renamed if address in older_names(one, schema.renamed)), None)
        if line.endswith("in the class only") and older:
            there = [one for one in older if one in stored]
            said = (
                f"has {' and '.join(there)}, each of which it may be"
                if there
                else f"has no {' or '.join(older)} either"
            )
            yield f"{line}; the file {said}, as it was called in older versions"
        elif line.endswith("in the file only") and new is not None and noun == "feature":
            yield f"{line}; {new} was called so in an older version, and the file has that too"
        elif line.endswith("in the file only") and changed and _is_reserved(address, schema):
            yield f"{line}; the schema reserves the name, so such a file is read, and not changed"
        else:
            yield line


def _is_reserved(address: str, schema: Schema) -> bool:
    return any(one in schema.reserved for one in itertools.accumulate(address.split("/"), "{}/{}".format))
