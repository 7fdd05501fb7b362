"""Signals in a file of the data folder. It can be deleted; what it told is gone then."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from streams.signals.port import COUNTED_MAX, DAYS, VIEWED_DAYS, VIEWED_MAX, Asked, SignalsAway, ranked
from streams.signals.signal import DAY_MS, Signal

ROWS_MAX = 500_000
"""Views of all sessions; the oldest go."""
BUSY_MS = 2_000
TIDY_MS = 60_000
T = TypeVar("T")

SCHEMA = """
CREATE TABLE IF NOT EXISTS viewed (
    session TEXT NOT NULL, product TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (session, product)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS viewed_at ON viewed (at);
CREATE TABLE IF NOT EXISTS counted (
    day INTEGER NOT NULL, text TEXT NOT NULL, searched INTEGER NOT NULL, led INTEGER NOT NULL,
    PRIMARY KEY (day, text)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS once (day INTEGER NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (day, digest)) WITHOUT ROWID;
"""
VIEW = """
INSERT INTO viewed VALUES (?, ?, ?)
ON CONFLICT (session, product) DO UPDATE SET at = max(at, excluded.at)
"""
COUNT = """
INSERT INTO counted VALUES (?, ?, ?, ?)
ON CONFLICT (day, text) DO UPDATE SET searched = searched + excluded.searched, led = led + excluded.led
"""
TRIM = """
DELETE FROM viewed WHERE session = ?1 AND product NOT IN (
    SELECT product FROM viewed WHERE session = ?1 ORDER BY at DESC, product LIMIT ?2
)
"""
NEWEST = "SELECT product FROM viewed WHERE session = ? ORDER BY at DESC, product LIMIT ?"


class SQLiteSignals:
    """Several processes may share the file."""

    def __init__(self, path: Path, *, rows_max: int = ROWS_MAX, counted_max: int = COUNTED_MAX) -> None:
        self._rows_max = rows_max
        self._counted_max = counted_max
        self._tidied_at = 0
        self._lock = asyncio.Lock()
        """One thread at a time uses the connection."""
        try:
            self._connection = _opened(path)
        except sqlite3.DatabaseError:  # damaged, or no database: nothing counts on it
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            self._connection = _opened(path)

    async def take(self, signals: Sequence[Signal]) -> None:
        await self._work(lambda: self._take(signals))

    async def viewed(self, session: str) -> list[str]:
        found = await self._work(lambda: self._connection.execute(NEWEST, (session, VIEWED_MAX)).fetchall())
        return [product_id for (product_id,) in found]

    async def asked(self, at: int) -> list[Asked]:
        rows = await self._work(lambda: self._counts(at // DAY_MS - DAYS))
        led: dict[int, dict[str, int]] = {}
        searched: dict[str, int] = {}
        for day, text, times, arrived in rows:
            led.setdefault(day, {})[text] = arrived
            searched[text] = searched.get(text, 0) + times
        return ranked(list(led.values()), searched)

    async def forget(self, session: str) -> None:
        await self._work(lambda: self._connection.execute("DELETE FROM viewed WHERE session = ?", (session,)))

    async def close(self) -> None:
        async with self._lock:
            self._connection.close()

    async def _work(self, work: Callable[[], T]) -> T:
        async with self._lock:
            try:
                return await asyncio.to_thread(work)
            except sqlite3.Error as error:
                raise SignalsAway(f"signals: {error}") from error

    def _counts(self, after_day: int) -> list[tuple[int, str, int, int]]:
        query = "SELECT day, text, searched, led FROM counted WHERE day > ? AND led > 0"
        return self._connection.execute(query, (after_day,)).fetchall()

    def _take(self, signals: Sequence[Signal]) -> None:
        with self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            room = {day: self._room(day) for day in {one.day for one in signals}}
            for one in signals:
                if one.text and room[one.day] > 0 and self._is_news(one):
                    room[one.day] -= 1
                    step = (1, 0) if one.step == "searched" else (0, 1)
                    connection.execute(COUNT, (one.day, one.text, *step))
                if one.kind == "click":
                    connection.execute(VIEW, (one.session, one.product_id, one.at))
            for session in {one.session for one in signals if one.kind == "click"}:
                connection.execute(TRIM, (session, VIEWED_MAX))
            newest = max((one.at for one in signals), default=0)
            if newest - self._tidied_at >= TIDY_MS:
                self._tidied_at = newest
                self._tidy(newest)

    def _room(self, day: int) -> int:
        [[known]] = self._connection.execute("SELECT count(*) FROM once WHERE day = ?", (day,)).fetchall()
        return self._counted_max - int(known)

    def _is_news(self, one: Signal) -> bool:
        return self._connection.execute("INSERT OR IGNORE INTO once VALUES (?, ?)", (one.day, one.once)).rowcount > 0

    def _tidy(self, now: int) -> None:
        """Lets go of what is too old, and of the oldest of what is too much."""
        day = now // DAY_MS
        self._connection.execute("DELETE FROM once WHERE day < ?", (day - 1,))
        self._connection.execute("DELETE FROM counted WHERE day <= ?", (day - DAYS,))
        query = "SELECT at FROM viewed ORDER BY at DESC LIMIT 1 OFFSET ?"
        over = self._connection.execute(query, (self._rows_max,)).fetchone()
        oldest = max(now - VIEWED_DAYS * DAY_MS, over[0] if over else 0)
        self._connection.execute("DELETE FROM viewed WHERE at <= ?", (oldest,))


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=OFF")  # the newest may be lost with the power
    connection.executescript(SCHEMA)
    return connection
