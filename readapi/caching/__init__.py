"""Answers kept while nothing about them changes, and what shared caches are told (docs/caching.md)."""
