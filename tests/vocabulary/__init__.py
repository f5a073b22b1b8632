"""Tests of names and patterns."""
