"""A generation of a projection in Redis beside the live one: filled in bulk, then exchanged with it in one script.

What is known of generations stands in one hash, ``kontor/generations``, by projection: ``catalog@2`` the number of the
live one, ``catalog@2/next`` with ``.position`` and ``.code`` of the one being made, ``catalog@2/kept`` of the one that
was live before, ``catalog@2/last`` the highest number there was. A number is never given twice.

For a process that does nothing else; it speaks to the server over a connection of its own, one command at a time.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
from redis import Redis

from domain.stored.codec import DAMAGED
from projections.beside import FAR_PAGE, NEAR_PAGE, BadGeneration, Rows, Standing, name_of
from projections.folding import NOWHERE, Kept, Parked, first_of_each
from projections.projector import Projection
from projections.redisviews.batch import Batch
from projections.redisviews.names import Names, position_of
from projections.redisviews.scripts import EXCHANGE, FILL, REACH
from projections.writingahead import WritingAhead

ROWS = 500
"""Written at once: Redis serves nobody else for the four milliseconds that many new rows take."""
KEYS = 1_000
Role = Literal["_next", "_kept", "_gone"]
_encode_event = msgspec.json.Encoder().encode
_decode_event = msgspec.json.Decoder(tuple[str, str]).decode


class Notes:
    """Of the generations of one projection."""

    def __init__(self, client: Redis, prefix: str, projection: Projection) -> None:
        self.name = name_of(projection)
        self._client = client
        self._hash = Names(prefix, (projection,)).generations
        self._reach = client.register_script(REACH)

    def number(self, what: str) -> int | None:
        """Of the ``live``, ``next``, ``kept`` or ``last`` one; None where there is none."""
        found: Any = self._client.hget(self._hash, self.name if what == "live" else f"{self.name}/{what}")
        return int(found) if found is not None else 0 if what == "live" else None

    def begin(self, code: str) -> int:
        """The number of a new one."""
        number = int(self._client.hincrby(self._hash, f"{self.name}/last", 1))
        noted: dict[str, int | str] = {"next": number, "next.position": 0, "next.code": code}
        self._client.hset(self._hash, mapping={f"{self.name}/{what}": value for what, value in noted.items()})
        return number

    def standing(self) -> Standing | None:
        """Of the next one."""
        found: Any = self._client.hmget(self._hash, [f"{self.name}/next{what}" for what in ("", ".position", ".code")])
        number, position, code = found
        return None if number is None else Standing(int(position), code.decode())

    def reach(self, number: int, position: int) -> None:
        """Of the next one, unless it is another by now or went with the store."""
        self._reach((self._hash,), (f"{self.name}/next", number, position))


class RedisGeneration:
    """Methods raise errors of the connection."""

    page, portion = FAR_PAGE, NEAR_PAGE
    listed = True

    def __init__(
        self,
        client: Redis,
        prefix: str,
        projection: Projection,
        role: Role,
        partitions: int,
        reached: Callable[[int], None] | None = None,
    ) -> None:
        """``client`` is not shared with other generations. ``reached`` is told up to where its rows are written, from
        the thread that writes, by a process that folds a part of them; how far all are is noted by another then."""
        self.projection = projection
        self._client = client
        self._prefix = prefix
        self._role = role
        self._partitions = partitions
        self._notes = Notes(client, prefix, projection)
        self._fill = client.register_script(FILL)
        self._exchange = client.register_script(EXCHANGE)
        self._writing = WritingAhead()
        self._reached = reached or self.reach
        self._names: Names | None = None

    @property
    def names(self) -> Names:
        """Raises BadGeneration where there is no such generation."""
        if self._names is None:
            number = self._notes.number(self._role.removeprefix("_"))
            if number is None:
                raise BadGeneration(f"Redis has no generation of {self.projection.name} to go on with")
            self._names = self._named(number)
        return self._names

    def _named(self, number: int) -> Names:
        return Names(self._prefix, (self.projection,), {self._notes.name: number})

    def standing(self) -> Standing | None:
        if self._role == "_next":
            found = self._notes.standing()
            return found if found is not None and found.position else None  # of which nobody knows what it has
        if self._notes.number("kept") is None:
            return None
        progress: Any = self._client.hvals(self.names.progress[0])
        return Standing(min(map(int, progress)) if len(progress) >= self._partitions else 0, "")

    def begin(self, code: str) -> None:
        self.tidy(unfinished=True)
        self._names = self._named(self._notes.begin(code))

    def tidy(self, *, unfinished: bool = False) -> None:
        """Removes every generation but the live one, the kept one and, unless told otherwise, the unfinished one."""
        notes = self._notes
        wanted = {notes.number("live"), notes.number("kept"), None if unfinished else notes.number("next")}
        base = self._named(0).bases[0]
        for keys in self._keys(f"{base}~*"):
            gone = [key for key in keys if _number(key.decode()[len(base) + 1 :]) not in wanted]
            if gone:
                self._client.unlink(*gone)
        if 0 not in wanted:
            for end in (":*", "/*"):
                for keys in self._keys(f"{base}{end}"):
                    self._client.unlink(*keys)

    def _keys(self, pattern: str) -> Iterator[list[bytes]]:
        cursor = 0
        while True:
            found: Any = self._client.scan(cursor, match=pattern, count=KEYS)
            cursor, keys = found
            if keys:
                yield keys
            if cursor == 0:
                return

    # rows

    def find(self, table: str, keys: Collection[str]) -> dict[str, Kept]:
        stored, found, wanted = self.names.tables[table], dict[str, Kept](), list(keys)
        for start in range(0, len(wanted), KEYS):
            some = wanted[start : start + KEYS]
            values: Any = self._client.mget([stored.rows + key for key in some])
            for key, value in zip(some, values, strict=True):
                if value is not None:
                    try:
                        found[key] = Kept(position_of(value), stored.decode(value))
                    except DAMAGED as error:
                        raise BadGeneration(f"{stored.rows}{key} cannot be read: {error}") from error
        return found

    def broken(self) -> dict[str, int]:
        if self._role == "_next" and self._notes.number("next") is None:
            return {}
        found: Any = self._client.hgetall(self.names.parked[0])
        return first_of_each(Parked(int(position), *_decode_event(event)) for position, event in found.items())

    def passing(self, table: str) -> None:
        return None

    def settle(self) -> None:
        self._writing.settle()

    def write(self, changed: Rows, before: Rows, parked: Sequence[Parked], position: int) -> int:
        self._writing.begin(lambda: self._write(changed, before, parked, position))
        return sum(map(len, changed.values()))

    def _write(self, changed: Rows, before: Rows, parked: Sequence[Parked], position: int) -> None:
        for event in parked:
            value = _encode_event((event.stream, event.error)).decode()
            self._client.hsetnx(self.names.parked[0], str(event.position), value)
        for table, rows in changed.items():
            keys = list(rows)
            for start in range(0, len(keys), ROWS):
                some = {key: rows[key] for key in keys[start : start + ROWS]}
                self._put(table, some, before.get(table, {}))
        if self._role == "_next":
            self._reached(position)

    def reach(self, position: int) -> None:
        """Notes how far all of the next one is."""
        self._notes.reach(self.names.numbers[self._notes.name], position)

    def _put(self, table: str, rows: Mapping[str, Kept], before: Mapping[str, Kept]) -> None:
        """All or nothing."""
        batch, none = Batch({}), Kept(NOWHERE, None)
        batch.change(self.names.tables[table], rows, {key: before.get(key, none) for key in rows})
        answer: Any = self._fill((self.names.generations,), batch.filling())
        if answer:
            raise BadGeneration("Redis was flushed meanwhile, and what was folded so far went with it")

    # taking over

    def exchange(self, position: int) -> bool:
        """Makes this the live one, as of ``position``, and keeps the other. Whether it did: not while that is further.

        Raises BadGeneration when somebody else has exchanged them.
        """
        self.settle()
        live, mine = self._notes.number("live"), self.names
        there = self._named(live or 0)
        keys = (there.born, there.changes, there.generations, there.progress[0], mine.progress[0])
        numbers = (live or 0, mine.numbers[self._notes.name])
        self._client.set(there.born, secrets.token_hex(8), nx=True)  # a store that nobody has filled yet
        answer: Any = self._exchange(keys, (self._notes.name, *numbers, position, self._partitions))
        if answer == b"moved":
            raise BadGeneration(f"{self.projection.name} was exchanged meanwhile by somebody else")
        return bool(answer == b"exchanged")


def _number(rest: str) -> int | None:
    """Of a key after the ``~``."""
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    return int(digits) if digits else None
