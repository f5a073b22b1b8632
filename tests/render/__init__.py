"""Rendering, held against formatters, linters and type checkers."""
