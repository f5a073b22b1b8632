"""Tests of the language's models."""
