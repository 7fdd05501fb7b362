"""Stateful tests: Hypothesis thinks of histories, a simple model or a few invariants say whether they went well."""
