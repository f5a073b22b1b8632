"""Packages on disk."""
