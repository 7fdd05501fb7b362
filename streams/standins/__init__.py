"""Straight from the log, for when the views do not answer."""
