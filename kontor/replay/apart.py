"""A projection folded into a file of its own, to be looked into: the log as a whole, or as it was once.

Rows are JSON there, and each table has a plain name, so that SQL and a person can read them. Nothing else is touched.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from kontor.folder import DataFolder
from kontor.instants import NoInstant, instant_of, position_at
from kontor.proving.evidence import evidence
from kontor.replay.logs import opened_log
from kontor.replay.rebuilding import Refused
from kontor.replay.telling import Telling, Way
from kontor.settings import Settings, log_urls
from projections import flushing, generations
from projections.beside import BadGeneration
from projections.generations import Generation
from projections.projector import Projection
from projections.sqlitetable import POSITIONS, connect
from streams.history.replaying import Lane, Read, Replaying

BUSY_MS = 5_000


class Past(NamedTuple):
    """A log, and up to where it is looked at."""

    read: Read
    upto: int
    whole: bool
    """Whether that is all of it."""


@contextmanager
def past(settings: Settings, upto: str | None) -> Iterator[Past]:
    """Raises UnusableLog, Damaged, and NoInstant for what is neither a position nor an instant."""
    with _log(settings) as (read, head):
        if upto is None:
            yield Past(read, head, True)
        else:
            yield Past(read, min(_position(upto, read, head), head), False)


@contextmanager
def _log(settings: Settings) -> Iterator[tuple[Read, int]]:
    if settings.profile == "full":
        with evidence(log_urls(settings)) as found:
            yield lambda after, upto, _: found.rows(after, upto - after), found.extent()[2]
        return
    with opened_log(DataFolder(settings.data)) as log:
        yield log.read, log.head()


def _position(upto: str, read: Read, head: int) -> int:
    """Of the last event that counts."""
    if upto.isdecimal():
        return int(upto)
    try:
        at = instant_of(upto)
    except NoInstant as error:
        raise NoInstant(f"--upto {upto}: not a position, and {error}") from error
    return position_at(lambda position: read(position - 1, position, ())[0], head, at)


class Apart:
    """Folds into files of one folder."""

    def __init__(self, folder: Path, past: Past, tell: Telling) -> None:
        self._folder = folder
        self._past = past
        self._tell = tell

    def fold(self, projections: Sequence[Projection], code: str, *, from_scratch: bool) -> None:
        """The log is read once for all. ``code`` names the program. Raises Refused when events could not be folded;
        the rest is there then."""
        with ExitStack() as stack:
            generations = [self._opened(stack, one, code, from_scratch) for one in projections]
            self._fold(generations, code)
            for generation in generations:
                flushing.flush(generation.connection)
                self._report(self._file(generation.projection), generation.connection, generation.projection)

    def _file(self, projection: Projection) -> Path:
        name = projection.name if self._past.whole else f"{projection.name}-{self._past.upto}"
        return self._folder / f"{name}.db"

    def _opened(self, stack: ExitStack, projection: Projection, code: str, from_scratch: bool) -> Generation:
        file = self._file(projection)
        if from_scratch or not _unfinished(file, projection, code):
            for suffix in ("", "-wal", "-shm"):
                file.with_name(file.name + suffix).unlink(missing_ok=True)
        connection = stack.enter_context(closing(connect(file, BUSY_MS)))
        connection.executescript(POSITIONS + generations.SCHEMA + flushing.SCHEMA)
        return stack.enter_context(closing(Generation(connection, projection, "_next", "json")))

    def _fold(self, made: Sequence[Generation], code: str) -> None:
        lanes = [self._begun(generation, code, len(made)) for generation in made]
        replaying = Replaying(self._past.read, lanes)
        way = Way(replaying.position, self._past.upto, replaying)
        name = made[0].projection.name if len(made) == 1 else "all"
        try:
            self._tell.folding(name, way, replaying.fold(self._past.upto))
        finally:
            replaying.settle()
        for generation, lane in zip(made, lanes, strict=True):
            projection, connection = generation.projection, generation.connection
            with generation.transaction():
                generation.take_over(lane.position)
                for table in projection.tables:
                    connection.execute(f"CREATE VIEW {table.name} AS SELECT * FROM {table.name}_v{projection.version}")

    def _begun(self, generation: Generation, code: str, share: int) -> Lane:
        standing = generation.standing()
        if standing is None:
            generation.begin(code)
        position = 0 if standing is None else standing.position
        self._tell.step("begin", generation.projection.name, f"from event {position:,}", position=position)
        return Lane(generation, position, share=share)

    def _report(self, file: Path, connection: sqlite3.Connection, projection: Projection) -> None:
        tables = [table.name for table in projection.tables]
        rows = {table: _count(connection, f"SELECT count(*) FROM {table}") for table in tables}
        counted = ", ".join(f"{count:,} {table}" for table, count in rows.items())
        self._tell.step(
            "done",
            projection.name,
            f"{counted} as of event {self._past.upto:,} in {file}",
            position=self._past.upto,
            file=str(file),
            rows=rows,
        )
        parked = _count(connection, "SELECT count(*) FROM parked")
        if parked:
            query = "SELECT position, stream, error FROM parked ORDER BY position LIMIT 1"
            position, stream, error = connection.execute(query).fetchone()
            raise Refused(f"{parked:,} events could not be folded; the first is {position}, of {stream}: {error}")


def _unfinished(file: Path, projection: Projection, code: str) -> bool:
    """Whether it can be gone on with."""
    if not file.exists():
        return False
    try:
        with closing(connect(file, BUSY_MS)) as connection:
            standing = Generation(connection, projection, "_next", "json").standing()
            return standing is not None and standing.code == code and flushing.is_whole(connection)
    except (sqlite3.Error, BadGeneration):
        return False


def _count(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
