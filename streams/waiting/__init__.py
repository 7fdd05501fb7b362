"""Waiting lines for drops (docs/drops.md)."""
