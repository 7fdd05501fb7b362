"""What a disk does to a log: an event that nobody can read any more."""

from __future__ import annotations

from commands.store.memory import MemoryLog


def damage(log: MemoryLog, stream: str) -> None:
    """The stream's last event. An engine that has the stream in memory does not notice."""
    broken = log.streams[stream][-1]._replace(data=b"\xc1")
    log.streams[stream][-1] = log.rows[broken.position - 1] = broken
    log.snapshots.pop(stream, None)
