"""Tests of resolving."""
