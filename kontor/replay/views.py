"""A projection of the embedded profile, folded anew in the file of its live rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from commands.errors import UnusableLog
from kontor.evidence import COLUMNS, Damaged
from kontor.folder import DataFolder
from kontor.readonly import open_readonly
from kontor.replay.code import code_of_views
from kontor.replay.comparing import Comparison
from kontor.replay.telling import Telling, Way
from projections import flushing, generations
from projections.generations import BadGeneration, Generation, Standing, stands_at
from projections.projector import Projection
from projections.sqlitetable import POSITIONS, connect
from streams.replaying import Replaying

NEAR = 500
"""Events that may still be missing when the file is taken for the swap: some 10 ms."""
ROUNDS = 50
"""Attempts to come so near while others write."""
BUSY_MS = 5_000


class Refused(Exception):
    """Nothing was swapped; says why, and what to do."""


class Log:
    """The log of a data folder as it goes on."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def head(self) -> int:
        return int(self._connection.execute("SELECT max(position) FROM events").fetchone()[0] or 0)

    def read(self, after: int, limit: int) -> list[tuple[Any, ...]]:
        """Raises Damaged."""
        query = f"SELECT {COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?"
        try:
            return self._connection.execute(query, (after, limit)).fetchall()
        except sqlite3.Error as error:
            raise Damaged(f"the log is damaged after event {after}: {error}; restore it from a backup") from error


@contextmanager
def opened(folder: DataFolder) -> Iterator[tuple[Log, sqlite3.Connection]]:
    """The log, and the file of the views. Raises UnusableLog."""
    folder.require_log()
    if not folder.views.exists():
        raise UnusableLog(f"there are no views at {folder.views}; a service makes them when it starts")
    with closing(open_readonly(folder.log)) as log, closing(_views(folder.views)) as views:
        found = Log(log)
        if stands_at(views) > found.head():
            raise UnusableLog("the views are ahead of the log, so of another one; start a service, which folds anew")
        try:
            yield found, views
        finally:
            flushing.flush(views)


def _views(path: Path) -> sqlite3.Connection:
    with ExitStack() as stack:
        try:
            views = stack.enter_context(closing(connect(path, BUSY_MS)))
            if not flushing.is_whole(views):
                raise UnusableLog(f"{path} was cut off when the machine went down; start a service, which folds anew")
            views.executescript(POSITIONS + generations.SCHEMA + flushing.SCHEMA)
            views.execute("PRAGMA busy_timeout=0")
        except sqlite3.Error as error:
            raise UnusableLog(f"{path} cannot be used: {error}; start a service, which folds anew") from error
        stack.pop_all()
        return views


class Views:
    """Replays projections of one folder. Methods raise Refused, Damaged, Busy."""

    def __init__(self, log: Log, connection: sqlite3.Connection, tell: Telling) -> None:
        self._log = log
        self._connection = connection
        self._tell = tell

    def replay(self, projection: Projection, *, from_scratch: bool, verify: bool) -> None:
        """``verify``: nothing is swapped that differs from the live rows."""
        generation = Generation(self._connection, projection, "_next")
        replaying = self._begun(generation, from_scratch)
        self._approach(projection.name, replaying)
        if self._is_live(projection):
            generation.complete_live()
            different = self._compare(generation, replaying)
            if different and verify:
                raise Refused(
                    f"the live {projection.name} and the new one differ in {different:,} places; nothing was swapped. "
                    f"`kontor replay {projection.name}` swaps it"
                )
            self._approach(projection.name, replaying)
        self._swap(generation, replaying)

    def roll_back(self, projections: Sequence[Projection]) -> None:
        """Those that were live before become live again, brought up to date; the live ones are kept in their places."""
        kept = [(one, standing) for one in projections if (standing := self._kept(one)) is not None]
        if not kept:
            names = ", ".join(one.name for one in projections)
            raise Refused(f"nothing is kept to go back to of {names}; each `kontor replay` keeps what it replaces")
        for projection, standing in kept:
            self._back(projection, standing)

    def _kept(self, projection: Projection) -> Standing | None:
        name = projection.name
        try:
            return Generation(self._connection, projection, "_kept").standing()
        except BadGeneration as error:
            raise Refused(f"the kept {name} is damaged ({error}); `kontor replay {name}` makes a new one") from error

    def _back(self, projection: Projection, standing: Standing) -> None:
        name = projection.name
        generation = Generation(self._connection, projection, "_kept")
        replaying = Replaying(generation, self._log.read, standing.position)
        self._tell.step("begin", name, f"the kept one is as of event {standing.position:,}", position=standing.position)
        self._approach(name, replaying)
        self._swap(generation, replaying)

    def _begun(self, generation: Generation, from_scratch: bool) -> Replaying:
        """A new generation, or the unfinished one of a replay before if today's program had begun it."""
        name, code, position = generation.projection.name, code_of_views(), 0
        standing = None if from_scratch else self._unfinished(generation)
        if standing is None or standing.code != code:
            Generation(self._connection, generation.projection, "_gone").drop()
            generation.begin(code)
            told = "from the beginning" if standing is None else "from the beginning, for the program is another now"
        else:
            position = standing.position
            told = f"on from event {position:,}, where the last one ended"
        self._tell.step("begin", name, told, position=position)
        return Replaying(generation, self._log.read, position)

    def _unfinished(self, generation: Generation) -> Standing | None:
        name = generation.projection.name
        try:
            return generation.standing()
        except BadGeneration as error:
            raise Refused(
                f"the unfinished {name} is damaged ({error}); `kontor replay {name} --from-scratch` begins anew"
            ) from error

    def _upto(self) -> int:
        """Where the other views stand: a follower feeds all of them together. The end of a log that nobody followed."""
        return stands_at(self._connection) or self._log.head()

    def _approach(self, name: str, replaying: Replaying) -> None:
        """Until nearly nothing is missing, although others write; then all that was folded is in the file."""
        for _ in range(ROUNDS):
            upto = self._upto()
            self._tell.folding(name, Way(replaying.position, upto, replaying), replaying.fold(upto))
            if self._upto() - replaying.position <= NEAR:
                break

    def _is_live(self, projection: Projection) -> bool:
        """Not where a new version was never followed yet."""
        stored = Generation(self._connection, projection, "_next").stored.values()
        query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?"
        return all(self._connection.execute(query, (one.live,)).fetchone()[0] for one in stored)

    def _compare(self, generation: Generation, replaying: Replaying) -> int:
        """How many differences there are; all are told, the first in words."""
        different = 0
        for one in Comparison(generation, replaying.position, self._log.read).made():
            different += one.different
            self._tell.compared(generation.projection.name, one)
        return different

    def _swap(self, generation: Generation, replaying: Replaying) -> None:
        with generation.transaction():
            replaying.finish(self._upto())
            generation.take_over(replaying.position)
        name = generation.projection.name
        self._tell.step(
            "swap",
            name,
            f"swapped as of event {replaying.position:,}; the old one is kept",
            position=replaying.position,
        )
        Generation(self._connection, generation.projection, "_gone").drop()
