"""Starts and stops the servers of the full profile on one machine. Needs Python's standard library alone.

``server.py`` holds what all servers have in common; a file per server holds what is particular to it.
"""
