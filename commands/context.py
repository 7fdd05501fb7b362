"""Who asks, when, and as part of what: everything about a command that is not the command."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """``at`` is milliseconds since 1970 and becomes the events' occurred_at."""

    actor: str
    command_id: str
    at: int
    correlation: str = ""
    """Empty: the command's own stream."""
    causation: str = ""
    traceparent: str = ""
