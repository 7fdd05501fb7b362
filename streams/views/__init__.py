"""Keeping the views up with the log, and knowing how far they are."""
