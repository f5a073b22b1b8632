"""The recipe: from what the user wrote to what it means.

A schema without mistakes goes through all passes and comes out as a `SchemaIR`. Mistakes are collected on
the way; an element that had its complaint is left out of the passes that follow, so that every independent
mistake is found in one run and none is reported twice.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import NamedTuple

from h5schema.errors import Problem
from h5schema.parse import Library
from h5schema.spec import Reading, read

from .draft import Draft, Pass, doubtful
from .ir import SchemaIR
from .mounting import Mounted, Other, UnmountableError, mount
from .passes.after import check_after
from .passes.axes import resolve_axes
from .passes.bound import refuse_in_bound
from .passes.checks import resolve_checks
from .passes.chunks import advise_chunks, choose_chunks
from .passes.classes import name_all
from .passes.declare import declare
from .passes.evolution import advise_deprecated, check_names, deprecate
from .passes.finish import finish
from .passes.found import resolve_found
from .passes.inherit import inherit
from .passes.kept_files import keep_files
from .passes.later import refuse_later
from .passes.loaders import resolve_loaders
from .passes.mapped import find_mapped
from .passes.members import resolve_members
from .passes.methods import resolve_methods
from .passes.modules import refuse_hidden_modules
from .passes.order import order_features
from .passes.origins import resolve_origins
from .passes.params import check_params
from .passes.places import resolve_places
from .passes.references import resolve_references
from .passes.shapes import resolve_shapes
from .passes.splits import resolve_splits
from .passes.storage import resolve_storage
from .passes.unmade import advise_unmade

PASSES: tuple[Pass, ...] = (
    # what is there
    declare,
    find_mapped,
    refuse_in_bound,
    refuse_later,
    check_names,
    refuse_hidden_modules,
    inherit,
    # what it is
    resolve_axes,
    resolve_shapes,
    resolve_members,
    deprecate,
    resolve_checks,
    resolve_references,
    # where it lies
    resolve_places,
    resolve_found,
    resolve_storage,
    # how it is made
    resolve_origins,
    check_params,
    keep_files,
    order_features,
    advise_unmade,
    check_after,
    # what code calls it
    resolve_methods,
    name_all,
    # how it is used
    resolve_splits,
    resolve_loaders,
    choose_chunks,
    advise_chunks,
    advise_deprecated,
)


class Resolved(NamedTuple):
    """What resolving gave.

    Attributes:
        schema: None if there is any error.
        problems: Errors and warnings of this and all earlier steps, in the order of the file.
    """

    schema: SchemaIR | None
    problems: tuple[Problem, ...]


def resolve(reading: Reading, file_name: str, library: Library | None = None) -> Resolved:
    """Resolves what was read.

    Args:
        reading: The schema as the user wrote it, and the problems found so far.
        file_name: Name of the YAML file, without its folder.
        library: The schemas that it may mount; None: those beside it.

    Returns:
        The resolved schema, and all problems.
    """
    folder = Path(reading.parsed.source.file).parent
    return _resolved(reading, file_name, (library or Library(folder))._replace(key=file_name), (), {})[0]


_DEEPEST = 16
"""Schemas that mount each other, one in the other."""


def _resolved(
    reading: Reading, file_name: str, library: Library, outer: tuple[str, ...], known: dict[str, Other]
) -> tuple[Resolved, Mounted]:
    """A schema, with those that it mounts; each of them is resolved once."""

    def other(path: str) -> Other:
        key, users = library.keyed(path), (*outer, library.key)
        if key in users:
            raise UnmountableError(
                f"it mounts itself: {' → '.join((*users[users.index(key) :], key))}", do="take one `use` out"
            )
        if len(users) > _DEEPEST:
            raise UnmountableError(f"more than {_DEEPEST} schemas mount each other", do="mount fewer levels")
        if key not in known:
            parsed, inner = library.opened(path, reading.parsed)
            done, mounted = _resolved(read(parsed), PurePosixPath(key).name, inner, users, known)
            known[key] = Other(key, done.schema, done.problems, mounted)
        return known[key]

    mounted = mount(reading, other)
    reading = mounted.reading
    draft = Draft(reading, file_name, mounts=mounted.mounts, texts=mounted.texts, broken=doubtful(reading.poisoned))
    for step in PASSES:
        draft = step(draft)
    problems = tuple(
        sorted({**dict.fromkeys((*reading.problems, *draft.problems))}, key=lambda one: (one.location, one.rule))
    )
    wrong = any(problem.severity == "error" for problem in problems)
    return Resolved(None if wrong else finish(draft), problems), mounted
