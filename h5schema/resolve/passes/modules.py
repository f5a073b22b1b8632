"""No module of the user is called as the package that the schema becomes: Python would find only one of them."""

from __future__ import annotations

from collections.abc import Iterator

from h5schema.spec import FeatureSpec, GroupSpec, InputSpec, ListSpec, LoaderSpec, MapSpec

from ..draft import Declared, Draft, Notes, Path


def refuse_hidden_modules(draft: Draft) -> Draft:
    """Refuses a schema whose package would hide a module that it calls; one complaint, at the first call."""
    notes = Notes(draft)
    name = draft.reading.schema.name
    for path, code in _called(draft):
        module, colon, _ = code.partition(":")
        if colon and module.partition(".")[0] == name:
            notes.add(
                "hidden-module",
                f"this schema is called `{name}`, too: its package would hide the module `{name}`",
                path,
                f"rename one of them: the schema, such as `name: {name}_data`, or the module, such as {name}_io.py",
                within=(0, len(name)),
            )
            break
    return notes.done(draft)


def _called(draft: Draft) -> Iterator[tuple[Path, str]]:
    """Where functions are named, and how."""
    schema = draft.reading.schema
    if schema.after is not None:
        yield ("after",), schema.after
    declared: list[Declared[GroupSpec] | Declared[FeatureSpec]] = [*draft.groups.values(), *draft.features.values()]
    for one in declared:
        if one.spec.call is not None:
            yield (*one.path, "call"), one.spec.call
    for feature in draft.features.values():
        yield from (((*feature.path, "methods", name), code) for name, code in feature.spec.methods.items())
    for name, loader in schema.loaders.items():
        for path, code in _of_loader(loader):
            yield ("loaders", name, *path), code


def _of_loader(loader: LoaderSpec) -> Iterator[tuple[Path, str]]:
    if loader.transform is not None:
        yield ("transform",), loader.transform
    if loader.batch.transform is not None:
        yield ("batch", "transform"), loader.batch.transform
    for key, tree in (("inputs", loader.inputs), ("targets", loader.targets)):
        if tree is not None:
            yield from ((path, code) for path, code in _of_tree(tree, (key,)))


def _of_tree(tree: InputSpec | ListSpec | MapSpec, at: Path) -> Iterator[tuple[Path, str]]:
    match tree:
        case InputSpec():
            if tree.transform is not None:
                yield (*at, "transform"), tree.transform
        case ListSpec():
            for index, item in enumerate(tree.items):
                yield from _of_tree(item, (*at, index))
        case MapSpec():
            for key, item in tree.items.items():
                yield from _of_tree(item, (*at, key))
