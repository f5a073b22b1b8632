"""Tests of bound files."""
