"""Bugs to be planted where people stand in line for a drop."""

from __future__ import annotations

from array import array
from typing import Any

import pytest

from streams.waiting import line, room, rooms
from streams.waiting.line import Line
from streams.waiting.orders import Orders
from streams.waiting.room import Room
from writeapi.buying import admission


def seats_not_kept(plant: pytest.MonkeyPatch) -> None:
    """Units are free until somebody holds them, so that those who are inside and have not ordered are let in upon."""
    plant.setattr(room, "seats_for", lambda available, limit, admitted: max(0, available))


def seats_taken_by_what_came_to_nothing(plant: pytest.MonkeyPatch) -> None:
    """Whoever has ordered needs no seat any more, whatever becomes of it."""

    async def all_of_them(orders: Any, drop_id: str, tickets: Any, stock: Any) -> int:
        return len(tickets)

    plant.setattr(Orders, "standing", all_of_them)


def seats_not_given_on(plant: pytest.MonkeyPatch) -> None:
    """Whoever lets his turn pass is waited for."""
    plant.setattr(Room, "lapsed", lambda room, at: 0)


def lots_not_drawn(plant: pytest.MonkeyPatch) -> None:
    """Those who joined before the opening are let in as they came."""
    plant.setattr(rooms, "by_lot", lambda seed, joined: array("I", range(1, joined + 1)))


def admissions_not_used_up(plant: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any) -> None:
        pass

    plant.setattr(admission, "_take", nothing)


def numbers_given_twice(plant: pytest.MonkeyPatch) -> None:
    """The next number is one more than there are tickets, of which some have been given anew."""

    def counted(db: Any, drop_id: str) -> int:
        if not db.execute("SELECT 1 FROM drops WHERE drop_id = ? AND ended = 0", (drop_id,)):
            raise KeyError(drop_id)
        return int(db.execute("SELECT count(*) FROM drop_tickets WHERE drop_id = ?", (drop_id,))[0][0])

    plant.setattr(line, "_issued", counted)


def lines_kept_for_ever(plant: pytest.MonkeyPatch) -> None:
    """Of a drop that is over the line is closed by whoever calls it off, and by nobody else."""
    plant.setattr(Line, "end", lambda line, drop_id, at: None)


DROP_MUTANTS = (
    seats_not_kept,
    seats_taken_by_what_came_to_nothing,
    seats_not_given_on,
    lots_not_drawn,
    admissions_not_used_up,
    numbers_given_twice,
    lines_kept_for_ever,
)
