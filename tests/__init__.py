"""Tests: what a user would notice."""
