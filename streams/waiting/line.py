"""Waiting lines in the vault's store: one row for each drop, and one for each ticket.

Methods block, and raise what the store raises. Everything that moves a line is one transaction, and a store has one
writer at a time, so that any number of processes agree.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec

from commands.vault_store import DROP_COLUMNS, VaultStore, VaultTransaction
from domain.sellers.drop import DropTerms, Pace
from streams.waiting.room import NOT_OPENED, Call, Room, Units
from streams.waiting.tokens import Ticket

ROOMS_MAX = 1_000
"""Drops that have been announced and have not ended."""
TICKETS_MAX = 200_000
"""Of one drop."""
KEPT_MS = 7 * 86_400_000
"""How long one can look up how a drop went; the offer's events tell it for ever."""

_SELECT = f"SELECT {', '.join(DROP_COLUMNS)} FROM drops"
_INSERT = f"INSERT INTO drops VALUES ({', '.join('?' * len(DROP_COLUMNS))}) ON CONFLICT (drop_id) DO NOTHING"
_calls = msgspec.msgpack.Decoder(tuple[Call, ...]).decode
_encode = msgspec.msgpack.Encoder().encode


class LineFull(Exception):
    """As many wait as one line takes."""


class TooManyDrops(Exception):
    """As many are announced as one house takes."""


class Line:
    def __init__(self, store: VaultStore, tickets_max: int = TICKETS_MAX) -> None:
        self._store = store
        self._tickets_max = tickets_max

    def rooms(self, at: int) -> list[Room]:
        """All that have not ended, or not long ago."""
        rows = self._store.rows(f"{_SELECT} WHERE ended = 0 OR ends_at > ?", (at - KEPT_MS,))
        return [_room(row) for row in rows]

    def announce(self, room: Room) -> None:
        """Repeating it changes nothing. Raises TooManyDrops."""
        with self._store.writing() as db:
            ((announced,),) = db.execute("SELECT count(*) FROM drops WHERE ended = 0")
            if announced >= ROOMS_MAX:
                raise TooManyDrops
            db.execute(_INSERT, _row(room))

    def forget(self, drop_id: str) -> None:
        """As if it had never been announced."""
        with self._store.writing() as db:
            _clear(db, drop_id)
            db.execute("DELETE FROM drops WHERE drop_id = ?", (drop_id,))

    def end(self, drop_id: str, at: int) -> None:
        """Nobody waits any longer. Old drops are forgotten by the way."""
        with self._store.writing() as db:
            _clear(db, drop_id)
            db.execute("UPDATE drops SET ended = 1 WHERE drop_id = ?", (drop_id,))
            db.execute("DELETE FROM drops WHERE ended = 1 AND ends_at <= ?", (at - KEPT_MS,))

    def join(self, drop_id: str, accounts: Collection[str]) -> dict[str, int]:
        """The number of each account's ticket: the one it has, or the next. Raises LineFull, and KeyError for a drop
        that has ended or never was."""
        with self._store.writing() as db:
            issued = _issued(db, drop_id)
            numbers = _numbers(db, drop_id, accounts)
            newcomers = [account for account in accounts if account not in numbers]
            self._require_room(issued, len(newcomers))
            fresh = dict(zip(newcomers, range(issued + 1, issued + len(newcomers) + 1), strict=True))
            if fresh:
                rows = [(_ticket(drop_id, account), drop_id, number) for account, number in fresh.items()]
                places = ", ".join(["(?, ?, ?)"] * len(rows))
                statement = f"INSERT INTO drop_tickets (ticket, drop_id, number) VALUES {places}"
                db.execute(statement, [value for row in rows for value in row])
                db.execute("UPDATE drops SET issued = ? WHERE drop_id = ?", (issued + len(fresh), drop_id))
            return numbers | fresh

    def join_again(self, drop_id: str, account: str, number: int) -> int:
        """A new number instead of one that had its turn; the newer one if somebody else was quicker. Raises as ``join``
        does."""
        with self._store.writing() as db:
            issued = _issued(db, drop_id)
            known = _numbers(db, drop_id, [account])
            if known.get(account) != number:
                return known[account]
            self._require_room(issued, 1)
            ticket = _ticket(drop_id, account)
            db.execute("UPDATE drop_tickets SET number = ?, place = NULL WHERE ticket = ?", (issued + 1, ticket))
            db.execute("UPDATE drops SET issued = ? WHERE drop_id = ?", (issued + 1, drop_id))
            return issued + 1

    def close_the_draw(self, drop_id: str) -> int:
        """From now on places are given in the order of joining. How many joined before; the first time counts."""
        with self._store.writing() as db:
            db.execute("UPDATE drops SET joined = issued WHERE drop_id = ? AND joined = ?", (drop_id, NOT_OPENED))
            ((joined,),) = db.execute("SELECT joined FROM drops WHERE drop_id = ?", (drop_id,))
            return int(joined)

    def open(self, drop_id: str, seed: str, joined: int, units: Units) -> None:
        """With the seed and the number of tickets that the log has recorded. The first time counts."""
        with self._store.writing() as db:
            db.execute(
                "UPDATE drops SET seed = ?, joined = ?, paced_at = opens_at, available = ?, held = ?, unsold = ? "
                "WHERE drop_id = ? AND seed = ''",
                (seed, joined, *units, drop_id),
            )

    def with_order(self, drop_id: str, at: int) -> list[Ticket]:
        """Of those for whom units are kept: who has ordered already, whatever became of it."""
        rows = self._store.rows(f"{_SELECT} WHERE drop_id = ?", (drop_id,))
        if not rows:
            return []
        room = _room(rows[0])
        query = "SELECT ticket, number FROM drop_tickets WHERE drop_id = ? AND place > ? AND place <= ?"
        found = self._store.rows(query, (drop_id, room.lapsed(at), room.pace.called))
        return [Ticket(drop_id, ticket.removeprefix(f"{drop_id}."), number) for ticket, number in found]

    def move(self, drop_id: str, units: Units, limit: int, ordered: int, at: int) -> None:
        """Lets in whoever is due. ``ordered`` is how many need no seat, of ``with_order`` as it was before the stock
        was looked at: whoever ordered since may be missing in the units."""
        with self._store.writing() as db:
            rows = db.execute(f"{_SELECT} WHERE drop_id = ? AND ended = 0 AND seed <> ''", (drop_id,))
            if not rows:
                return
            room = _room(rows[0])
            moved = room.moved(units, limit, ordered, at)
            if moved != room:
                db.execute(
                    "UPDATE drops SET called = ?, paced_at = ?, calls = ?, available = ?, held = ?, unsold = ?, "
                    "admitted = ?, seats = ? WHERE drop_id = ?",
                    (*moved.pace, _encode(moved.calls), *moved.units, moved.admitted, moved.seats, drop_id),
                )

    def ordered(self, drop_id: str, account: str, number: int, place: int) -> None:
        """Whoever has this ticket needs no seat, for as long as the order stands."""
        with self._store.writing() as db:
            statement = "UPDATE drop_tickets SET place = ? WHERE ticket = ? AND number = ?"
            db.execute(statement, (place, _ticket(drop_id, account), number))

    def _require_room(self, issued: int, more: int) -> None:
        if issued + more > self._tickets_max:
            raise LineFull


def _ticket(drop_id: str, account: str) -> str:
    return f"{drop_id}.{account}"


def _issued(db: VaultTransaction, drop_id: str) -> int:
    rows = db.execute("SELECT issued FROM drops WHERE drop_id = ? AND ended = 0", (drop_id,))
    if not rows:
        raise KeyError(drop_id)
    return int(rows[0][0])


def _numbers(db: VaultTransaction, drop_id: str, accounts: Collection[str]) -> dict[str, int]:
    """Of those that have a ticket."""
    tickets = {_ticket(drop_id, account): account for account in accounts}
    known = db.execute(
        f"SELECT ticket, number FROM drop_tickets WHERE ticket IN ({', '.join('?' * len(tickets))})", list(tickets)
    )
    return {tickets[ticket]: number for ticket, number in known}


def _clear(db: VaultTransaction, drop_id: str) -> None:
    db.execute("DELETE FROM drop_tickets WHERE drop_id = ?", (drop_id,))


def _room(row: Sequence[Any]) -> Room:
    told = dict(zip(DROP_COLUMNS, row, strict=True))
    return Room(
        drop_id=told["drop_id"],
        offer_id=told["offer_id"],
        product_id=told["product_id"],
        terms=DropTerms(told["opens_at"], told["ends_at"], told["per_minute"], told["admission_ms"]),
        commitment=told["commitment"],
        seed=told["seed"],
        issued=told["issued"],
        joined=told["joined"],
        pace=Pace(told["called"], told["paced_at"]),
        calls=_calls(told["calls"]),
        units=Units(told["available"], told["held"], told["unsold"]),
        admitted=told["admitted"],
        seats=told["seats"],
        ended=bool(told["ended"]),
    )


def _row(room: Room) -> tuple[Any, ...]:
    terms = room.terms
    return (
        *(room.drop_id, room.offer_id, room.product_id),
        *(terms.opens_at, terms.ends_at, terms.per_minute, terms.admission_ms),
        *(room.commitment, room.seed, room.issued, room.joined),
        *(*room.pace, _encode(room.calls), *room.units, room.admitted, room.seats, int(room.ended)),
    )
