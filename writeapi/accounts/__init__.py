"""Accounts: how one is got, how it is left, and what is kept of passwords and personal requests."""
