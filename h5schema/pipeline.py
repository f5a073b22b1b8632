"""The whole road: YAML text → nodes → spec → IR → files → disk.

What costs time to import (pydantic, jinja2, yaml) is imported where the road first needs
it, so that an unchanged package is recognised without any of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from h5schema.emit import Plan, plan, recognise, write
from h5schema.errors import Problem, SchemaError, TargetExistsError, UsageError

if TYPE_CHECKING:
    from h5schema.resolve.ir import SchemaIR


class Package(NamedTuple):
    """One package and its schema.

    Attributes:
        schema: Path of the schema, as it was given.
        name: Of the package.
        folder: Of the package.
        plan: What was or would be done; None: it was recognised as up to date.
    """

    schema: Path
    name: str
    folder: Path
    plan: Plan | None

    @property
    def up_to_date(self) -> bool:
        """Whether nothing had or has to be done."""
        return self.plan is None or not self.plan.pending


def generate(
    schemas: Sequence[Path], output: Path, *, templates: Path | None = None, dry: bool = False, force: bool = False
) -> tuple[Package, ...]:
    """Makes the packages of some schemas: all of them, or none if one is wrong.

    Args:
        schemas: YAML files.
        output: Folder in which the packages lie.
        templates: Folder of templates that shadow ours.
        dry: Write nothing; the plans say what would be done.
        force: Replace files that somebody changed after we wrote them.

    Raises:
        SchemaError: A schema has mistakes.
        UsageError: A file is missing, or two schemas have one name.
        TargetExistsError: A file that is not ours is in the way, or one of ours was changed by hand.
    """
    if templates is not None and not templates.is_dir():
        raise UsageError("there is no such folder of templates", where=str(templates), do="give a folder that exists")
    texts, unread = read_all(schemas)
    known = {path: _recognised(path, text, output, templates) for path, text in texts.items()}
    new = {path: text for path, text in texts.items() if known[path] is None}
    expect_read(unread, [one for one in lint(new) if one.severity == "error"] if unread else ())
    resolved = compiled(new.items())
    packages = tuple(known[path] or _planned(path, resolved[path], output, templates) for path in texts)
    _expect_own_names(packages)
    if not dry:
        if not force:
            _expect_unedited(packages)
        for package in packages:
            _write(package, texts[package.schema], templates)
    return packages


def lint(texts: Mapping[Path, bytes]) -> tuple[Problem, ...]:
    """Everything that is wrong or unwise in some schemas, in the order of the files."""
    found = (problem for path, text in texts.items() for problem in _resolve(path, text)[1])
    return tuple(dict.fromkeys(found))  # a schema that others mount has its mistakes once


def compiled(texts: Iterable[tuple[Path, bytes]]) -> dict[Path, SchemaIR]:
    """The resolved schemas; raises a `SchemaError` with the mistakes of all."""
    found: dict[Path, SchemaIR] = {}
    errors: list[Problem] = []
    for path, text in texts:
        schema, problems = _resolve(path, text)
        errors += [problem for problem in problems if problem.severity == "error"]
        if schema is not None:
            found[path] = schema
    if errors:
        raise SchemaError(tuple(dict.fromkeys(errors)))
    return found


def read_all(paths: Sequence[Path]) -> tuple[dict[Path, bytes], tuple[UsageError, ...]]:
    """The bytes of some schemas, each file once, and why others cannot be read."""
    texts: dict[Path, bytes] = {}
    unread: list[UsageError] = []
    for path in _distinct(paths):
        try:
            texts[path] = read(path)
        except UsageError as error:
            unread.append(error)
    return texts, tuple(unread)


def expect_read(unread: Sequence[UsageError], problems: Sequence[Problem] = ()) -> None:
    """Refuses schemas that cannot be read: all of them in one error, with what is wrong in the others."""
    if unread:
        raise UsageError("\n\n".join(["\n\nerror: ".join(map(str, unread)), *map(str, problems)]))


def read(path: Path) -> bytes:
    """The bytes of a schema; what is wrong with the file is said in clear words."""
    if path.suffix not in (".yaml", ".yml") and path.is_file():
        raise UsageError("this is no YAML file", where=str(path), do="a schema is a file that ends in `.yaml`")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError("there is no such file", where=str(path), do=_other_file(path)) from None
    except IsADirectoryError:
        raise UsageError("this is a folder, not a schema", where=str(path), do=_inside(path)) from None
    except OSError as error:
        raise UsageError(
            f"it cannot be read: {error.strerror}", where=str(path), do="look at the path and its permissions"
        ) from None


def _resolve(path: Path, text: bytes) -> tuple[SchemaIR | None, tuple[Problem, ...]]:
    from h5schema import parse, spec
    from h5schema.resolve import resolve

    parsed = parse.load(text, str(path))
    reading = spec.read(parsed)
    resolved = resolve(reading, path.name, parse.Library(path.parent, read))
    return resolved.schema, resolved.problems


def _recognised(path: Path, text: bytes, output: Path, templates: Path | None) -> Package | None:
    name = recognise.package_of(text)
    if name is None:
        return None
    folder = output / name
    kept = recognise.remembered(folder)
    if kept is None or kept != recognise.key(text, path, folder, templates):
        return None
    return Package(path, name, folder, None)


def _planned(path: Path, schema: SchemaIR, output: Path, templates: Path | None) -> Package:
    from h5schema.render import package

    folder = output / schema.name
    return Package(path, schema.name, folder, plan(folder, package(schema, templates), schema.file_name))


def _write(package: Package, text: bytes, templates: Path | None) -> None:
    if package.plan is None:
        return
    write(package.plan)
    made = recognise.key(text, package.schema, package.folder, templates)
    if made is not None:
        recognise.remember(package.folder, made)


def _expect_own_names(packages: Sequence[Package]) -> None:
    first: dict[str, Path] = {}
    for package in packages:
        other = first.setdefault(package.name, package.schema)
        if other != package.schema:
            raise UsageError(
                f"{other} and {package.schema} both make the package `{package.name}`",
                do="give one of them another `name`, or generate them into different folders",
            )


def _expect_unedited(packages: Sequence[Package]) -> None:
    edited = [str(path) for package in packages if package.plan for path in package.plan.edited]
    if edited:
        raise TargetExistsError(
            "changed by hand after it was generated, and not replaced",
            where=", ".join(edited),
            do="move the change into the schema or a module of your own, then give it up here with `--force`",
        )


def _distinct(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Each file once, however its path is spelled."""
    kept: dict[Path, Path] = {}
    for path in paths:
        kept.setdefault(path.absolute().resolve(), path)
    return tuple(kept.values())


def _other_file(path: Path) -> str:
    from h5schema.vocabulary.suggest import closest

    beside = _yaml_in(path.parent)
    stems = {Path(name).stem: name for name in beside}  # the endings are alike, and say nothing
    near = closest(path.stem, stems)
    if near is not None:
        return f"did you mean {path.with_name(stems[near])}?"
    return f"beside it there is {', '.join(beside[:5])}" if beside else "`h5schema init images` writes a first schema"


def _inside(path: Path) -> str:
    found = _yaml_in(path)
    return f"name the file: {path / found[0]}" if found else "name a file that ends in `.yaml`"


def _yaml_in(folder: Path) -> list[str]:
    try:
        return sorted(child.name for child in folder.iterdir() if child.suffix in (".yaml", ".yml"))
    except OSError:
        return []
