"""The log read again: replays and time travel."""
