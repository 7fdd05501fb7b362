"""What client libraries have to say, among our own lines and no more often than these.

Those of Kafka, Cassandra and Elasticsearch warn at each of their attempts, hundreds of times a second while a server is
away. Of each kind of warning one line a minute is enough.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import structlog

from commands.outage import Outage

KINDS_MAX = 500


class Forwarding(logging.Handler):
    """For the root of Python's own logging."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(logging.WARNING)
        self._now = now
        self._kinds: dict[tuple[str, str], Outage] = {}
        """By logger and the text without its values."""

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.name, str(record.msg)
        if kind not in self._kinds:
            if len(self._kinds) >= KINDS_MAX:
                self._kinds.clear()
            self._kinds[kind] = Outage(structlog.get_logger(record.name), "library", "library", self._now)
        self._kinds[kind].met(record.getMessage(), library=record.name, exc_info=record.exc_info or None)
