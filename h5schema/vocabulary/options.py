"""Options that two commands have: `h5schema extract` and the one of a generated package. Standard library only."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_extraction(parser: argparse.ArgumentParser) -> argparse.Action:
    """What an extraction takes; returns the argument of the sources."""
    sources = parser.add_argument(
        "sources", nargs="+", metavar="SOURCE", help="folder, single file, 'glob', @LIST of paths, or URL"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="the HDF5 file to make")
    parser.add_argument(
        "--plan", action="store_true", help="load some sources, say what would be made and how large, write nothing"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace FILE, once the new one is complete")
    parser.add_argument(
        "--update", action="store_true", help="bring FILE up to date: new and changed sources, new features, no others"
    )
    parser.add_argument("--failures", type=Path, metavar="LIST", help="list all sources that fail, as JSON lines")
    parser.add_argument(
        "--on-error",
        choices=("skip", "fail", "retry"),
        default="skip",
        help="a source that fails: leave it out (default), stop, or try it three times more",
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="so many processes; 0: none but this (default: a core each)"
    )
    parser.add_argument("--threads", action="store_true", help="threads in place of processes")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="stop a source that takes longer; it fails")
    parser.add_argument(
        "--commit-every", type=float, default=10.0, metavar="SECONDS", help="what a kill loses at most (default: 10)"
    )
    parser.add_argument(
        "--memory", type=int, default=512, metavar="MIB", help="MiB of entries that may wait (default: 512)"
    )
    parser.add_argument("--no-fsync", action="store_true", help="faster; a power cut may then lose the file")
    parser.add_argument(
        "--progress",
        choices=("auto", "bar", "lines", "none"),
        default="auto",
        help="a bar, a line every 10 s for logs, or nothing (default: a bar on a terminal)",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="say nothing but what fails")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how it is said (text)")
    return sources
