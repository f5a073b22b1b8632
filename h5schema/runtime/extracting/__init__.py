"""Extraction: sources → the user's functions → one transaction, on every core, and again where it was stopped.

`extraction` is what a generated package declares and runs; `pipeline` keeps the order of the sources; `crew` are those
who work; `maker` is the work of each; `earlier` compares a run with what an earlier one left; `updating` says
what of a finished file stays, and `old` reads it.
"""
