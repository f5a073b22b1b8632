"""Tests of the texts that YAML reads, and of those that it does not."""
