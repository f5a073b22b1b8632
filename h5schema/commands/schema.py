"""`h5schema schema`."""

from __future__ import annotations

import argparse
import json
import sys

from .arguments import Commands


def add(commands: Commands) -> argparse.ArgumentParser:
    """`schema` takes nothing."""
    return commands.add(
        "schema", "print the JSON Schema of the language", example="h5schema schema > h5schema.schema.json"
    )


def run(arguments: argparse.Namespace) -> int:
    """Prints the JSON Schema, for editors that complete and check while typing."""
    from h5schema import spec

    json.dump(spec.json_schema(), sys.stdout, indent=2, ensure_ascii=False)
    print()
    return 0
