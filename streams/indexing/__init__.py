"""Keeping the search index up with the catalog."""
