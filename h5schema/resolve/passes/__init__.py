"""The passes: one rule per file."""
