"""Where the embedded profile's projections are folded anew, and those of the full profile's processes: in the file of
their live rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from commands.errors import UnusableLog
from kontor.folder import DataFolder
from kontor.proving.comparing import Compared
from kontor.replay.comparing import Comparison
from kontor.replay.logs import Followed, opened_log
from projections import flushing, generations
from projections.generations import Generation, Role, stands_at
from projections.projector import Projection
from projections.sqlitetable import POSITIONS, connect
from projections.writingahead import WritingAhead
from streams.history.replaying import Lane, Read, Replaying

BUSY_MS = 5_000
CACHE_KIB = 65_536
"""Of the file's pages: rows are written in the order of their keys, and lists in no order."""


@contextmanager
def opened(folder: DataFolder) -> Iterator[tuple[Followed, sqlite3.Connection]]:
    """The log, and the file of the views. Raises UnusableLog."""
    folder.require_log()
    if not folder.views.exists():
        raise UnusableLog(f"there are no views at {folder.views}; a service makes them when it starts")
    with opened_log(folder) as log, followed_into(folder.views, log) as views:
        yield log, views


@contextmanager
def followed_into(path: Path, log: Followed) -> Iterator[sqlite3.Connection]:
    """The file of views that were folded from this log. Raises UnusableLog."""
    with closing(_views(path)) as views:
        if stands_at(views) > log.head():
            raise UnusableLog("the views are ahead of the log, so of another one; start a service, which folds anew")
        try:
            yield views
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
            views.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        except sqlite3.Error as error:
            raise UnusableLog(f"{path} cannot be used: {error}; start a service, which folds anew") from error
        stack.pop_all()
        return views


class Views:
    """The file of the embedded profile, as a place of generations. Methods raise Damaged, Busy."""

    def __init__(self, log: Followed, connection: sqlite3.Connection) -> None:
        self.read: Read = log.read
        self._log = log
        self._connection = connection
        self._writing = WritingAhead()

    def close(self) -> None:
        """Before the connection is closed: rows that are on their way into the file arrive."""
        self._writing.close()

    def generation(self, projection: Projection, role: Role) -> Generation:
        return Generation(self._connection, projection, role, writing=self._writing)

    def upto(self) -> int:
        """Where the other views stand: a follower feeds all of them together. The end of a log that nobody followed."""
        return stands_at(self._connection) or self._log.head()

    def parting(self, begun: Mapping[str, int], upto: int) -> None:
        """A file has one writer, and rows that another process made would have to be told to him."""

    def is_live(self, projection: Projection) -> bool:
        query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?"
        stored = self.generation(projection, "_next").stored.values()
        return all(self._connection.execute(query, (one.live,)).fetchone()[0] for one in stored)

    def compared(self, lane: Lane) -> list[Compared]:
        generation = self.generation(lane.generation.projection, "_next")
        generation.complete_live()
        return Comparison(generation, lane.position, self.read).made()

    def exchange(self, replaying: Replaying, role: Role) -> bool:
        generation = self.generation(replaying.lanes[0].generation.projection, role)
        with generation.transaction():
            replaying.finish(self.upto())
            generation.take_over(replaying.position)
        return True

    def tidy(self, projection: Projection) -> None:
        self.generation(projection, "_gone").drop()
