"""A process that folds a part of a projection's streams for ``parting.py``: ``python -m kontor.replay.part``.

Its work is one line of JSON on its standard input, which stays open for as long as whoever asked is there: nobody may
go on writing rows that the next replay knows better. It says how it comes on in lines of JSON, on the descriptor that
its argument names.
"""

from __future__ import annotations

import gc
import os
import select
import sys
import threading
import time
from contextlib import closing
from typing import Any

import msgspec
from redis import Redis
from redis.exceptions import RedisError

from commands.errors import UnusableLog
from kontor import console
from kontor.proving.evidence import Damaged
from kontor.replay.serverlog import opened_servers
from kontor.wiring.stores import IN_CASSANDRA, IN_REDIS
from projections.beside import BadGeneration
from projections.redisviews.generation import RedisGeneration
from streams.history.replaying import Lane, Part, Replaying

EVERY_S = 0.1
"""Between two lines."""
LEFT = 3
"""Exit code of one that was left alone."""


class Work(msgspec.Struct, frozen=True):
    log_urls: tuple[str, ...]
    redis_url: str
    namespace: str
    positions: dict[str, int]
    """Where each projection stands, by its name."""
    upto: int
    part: Part
    log_level: str
    switch_s: float
    """How long a thread may keep the interpreter when another wants it."""


class Progress(msgspec.Struct, frozen=True):
    """Of a process that folds a part, as it tells it."""

    position: int
    """Up to which all of them are folded."""
    rows: int
    """Written so far, or about to be."""
    written: dict[str, int]
    """Up to where rows are written, by projection."""
    failed: str = ""
    """Why it goes no further."""


class Reporter:
    """Tells the process that started this one how far it is, a line of JSON each time."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._at = 0.0
        self.written: dict[str, int] = {}

    def coming_on(self, replaying: Replaying) -> None:
        if time.monotonic() - self._at >= EVERY_S:
            self._at = time.monotonic()
            self.report(Progress(replaying.position, replaying.rows, dict(self.written)))

    def report(self, progress: Progress) -> None:
        os.write(self._descriptor, msgspec.json.encode(progress) + b"\n")


def fold(work: Work, reporter: Reporter) -> None:
    """Raises Damaged, UnusableLog, BadGeneration, RedisError."""
    with opened_servers(work.log_urls) as (log, replayers), closing(Redis.from_url(work.redis_url)) as client:
        replayers.take_part(work.namespace)
        if _left_alone():  # before anything is written; from now on the next replay waits for this process to end
            os._exit(LEFT)
        threading.Thread(target=_watch, daemon=True).start()
        lanes = []
        for projection in (*IN_REDIS, *IN_CASSANDRA):  # whichever are folded into Redis now
            if (name := projection.name) in work.positions:

                def reached(position: int, name: str = name) -> None:
                    reporter.written[name] = position

                generation = RedisGeneration(client, work.namespace, projection, "_next", 0, reached)
                share = len(work.positions) * work.part.of
                lanes.append(Lane(generation, work.positions[name], share=share))
        replaying = Replaying(work.part.read(log.read), lanes)
        for _ in replaying.fold(work.upto):
            reporter.coming_on(replaying)
        reporter.report(Progress(replaying.position, replaying.rows, dict(reporter.written)))


def _left_alone() -> bool:
    """Nothing more is ever said on the standard input, so what can be read there is its end."""
    return bool(select.select([0], [], [], 0)[0])


def _watch() -> None:
    os.read(0, 1)
    os._exit(LEFT)


def main() -> None:
    """Imports little, for there is one of these for each core: what services need takes a second and a half."""
    reporter = Reporter(int(sys.argv[1]))
    work: Any = msgspec.json.decode(_line(), type=Work)
    console.configure_logs(work.log_level)
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # neither rows nor events can form cycles
    sys.setswitchinterval(work.switch_s)
    try:
        fold(work, reporter)
    except (Damaged, UnusableLog, BadGeneration, RedisError) as error:
        reporter.report(Progress(0, 0, {}, f"{type(error).__name__}: {error}"))
        raise SystemExit(1) from error


def _line() -> bytes:
    said = b""
    while not said.endswith(b"\n"):
        more = os.read(0, 65_536)
        if not more:
            os._exit(LEFT)
        said += more
    return said


if __name__ == "__main__":
    main()
