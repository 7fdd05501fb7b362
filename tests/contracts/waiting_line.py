"""What every waiting line does, wherever it is kept.

Whoever subclasses this has a fixture ``make`` that opens lines on one store, each as by a process of its own.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from commands.vault_store import VaultStore
from domain.sellers.drop import DropTerms
from streams.waiting import line as module
from streams.waiting.line import KEPT_MS, Line, LineFull, TooManyDrops
from streams.waiting.room import Call, Room, Units
from streams.waiting.tokens import Ticket

DROP = "drp_1"
OPENS = 1_700_000_000_000
ENDS = OPENS + 3_600_000
ADMISSION_MS = 60_000
ROOM = Room(DROP, "off_shp_1.pen", "prd_1", DropTerms(OPENS, ENDS, 600, ADMISSION_MS), "9f86d081")
PLENTY = Units(1_000, 0, 1_000)


def people(first: int, last: int) -> list[str]:
    return [f"usr_{number}" for number in range(first, last + 1)]


def move(line: Line, units: Units, at: int) -> None:
    """As an attendant does it."""
    line.move(DROP, units, 1, len(line.with_order(DROP, at)), at)


class WaitingLine:
    @pytest.fixture
    def line(self, make) -> Line:
        line: Line = make()
        line.announce(ROOM)
        return line

    @pytest.fixture
    def other(self, line, make) -> Line:
        """Another process."""
        another: Line = make()
        return another

    def room(self, line: Line, at: int = OPENS) -> Room:
        (room,) = line.rooms(at)
        return room

    def opened(self, line: Line, count: int) -> Line:
        """As many joined before."""
        if count:
            line.join(DROP, people(1, count))
        line.open(DROP, "seed", line.close_the_draw(DROP), PLENTY)
        return line

    def test_comes_back_as_it_was_announced(self, line, other):
        assert self.room(other) == ROOM
        line.announce(ROOM)
        assert line.rooms(OPENS) == [ROOM]

    def test_numbers_go_in_the_order_of_joining_and_stay(self, line, other):
        assert line.join(DROP, ["usr_b", "usr_a"]) == {"usr_b": 1, "usr_a": 2}
        assert other.join(DROP, ["usr_c", "usr_a"]) == {"usr_c": 3, "usr_a": 2}
        assert self.room(line).issued == 3

    def test_processes_that_join_at_once_leave_no_gap_and_give_no_number_twice(self, line, other):
        with ThreadPoolExecutor(8) as pool:
            jobs = [
                pool.submit((line, other)[number % 2].join, DROP, people(number, number + 4)) for number in range(1, 41)
            ]
            pairs = [pair for job in jobs for pair in job.result().items()]
        numbers = dict(pairs)
        assert set(pairs) == set(numbers.items()), "everybody was told the same number each time"
        assert sorted(numbers.values()) == list(range(1, 45))

    def test_drops_have_lines_of_their_own(self, line):
        line.announce(Room("drp_2", "off_shp_1.ink", "prd_2", ROOM.terms, "9f86d081"))
        assert line.join(DROP, ["usr_a"]) == line.join("drp_2", ["usr_a"]) == {"usr_a": 1}

    def test_the_draw_closes_once(self, line, other):
        line.join(DROP, people(1, 3))
        assert line.close_the_draw(DROP) == 3
        line.join(DROP, ["usr_late"])
        assert other.close_the_draw(DROP) == 3
        other.open(DROP, "seed", 3, Units(5, 1, 6))
        line.open(DROP, "another", 4, PLENTY)
        room = self.room(line)
        assert (room.seed, room.joined, room.issued, room.pace) == ("seed", 3, 4, (0, OPENS))
        assert room.units == (5, 1, 6)
        assert not room.sold_out, "nobody has looked at the stock since"

    def test_moves_at_the_stated_rate_and_no_faster_for_being_moved_twice(self, line, other):
        self.opened(line, 50)
        for _ in range(3):
            move(line, PLENTY, OPENS + 1_000)
            move(other, PLENTY, OPENS + 1_000)
        room = self.room(line)
        assert (room.pace.called, room.admitted, room.seats) == (10, 10, 990)
        assert room.calls == (Call(OPENS + 1_000, 10),)
        move(other, PLENTY, OPENS + 2_500)
        assert self.room(line).pace.called == 25

    def test_does_not_move_before_it_has_opened_nor_after_its_end(self, line):
        line.join(DROP, people(1, 3))
        move(line, PLENTY, OPENS + 1_000)
        assert self.room(line).pace.called == 0
        self.opened(line, 0).end(DROP, OPENS + 1_000)
        move(line, PLENTY, OPENS + 2_000)
        assert self.room(line).pace.called == 0

    def test_whoever_has_ordered_makes_no_room_but_by_the_units_they_took(self, line):
        self.opened(line, 10)
        move(line, Units(2, 0, 2), OPENS + 1_000)
        assert self.room(line).pace.called == 2
        move(line, Units(1, 1, 2), OPENS + 2_000)
        line.ordered(DROP, "usr_1", 1, 2)
        assert line.with_order(DROP, OPENS + 2_000) == [Ticket(DROP, "usr_1", 1)]
        move(line, Units(1, 1, 2), OPENS + 2_000)
        room = self.room(line)
        assert (room.pace.called, room.admitted, room.seats, room.units) == (2, 1, 0, (1, 1, 2))
        move(line, Units(1, 0, 1), OPENS + ADMISSION_MS + 2_999)
        assert self.room(line).pace.called == 2, "an order may be on its way"
        move(line, Units(1, 0, 1), OPENS + ADMISSION_MS + 3_000)
        room = self.room(line)
        assert (room.pace.called, room.admitted) == (3, 1), "one let their turn pass, and the next has it"
        assert [room.admitted_until(place) - OPENS for place in (1, 2, 3)] == [61_000, 61_000, 123_000]

    def test_an_order_of_an_older_ticket_is_not_taken_for_one_of_the_new(self, line):
        self.opened(line, 2)
        move(line, PLENTY, OPENS + 1_000)
        assert line.join_again(DROP, "usr_1", 1) == 3
        line.ordered(DROP, "usr_1", 1, 1)
        move(line, PLENTY, OPENS + 2_000)
        assert self.room(line).admitted == 3

    def test_who_had_a_turn_joins_again_behind_the_others(self, line, other):
        self.opened(line, 3)
        assert line.join_again(DROP, "usr_1", 1) == 4
        assert other.join_again(DROP, "usr_1", 1) == 4, "asked again, it is the same"
        assert other.join(DROP, ["usr_1"]) == {"usr_1": 4}
        with pytest.raises(KeyError):
            line.join_again(DROP, "usr_stranger", 1)

    def test_is_full_at_last(self, make):
        line = make(tickets_max=3)
        line.announce(ROOM)
        line.join(DROP, people(1, 3))
        with pytest.raises(LineFull):
            line.join(DROP, people(3, 4))
        with pytest.raises(LineFull):
            line.join_again(DROP, "usr_1", 1)
        assert line.join(DROP, ["usr_3"]) == {"usr_3": 3}

    def test_one_house_announces_so_many(self, line, monkeypatch):
        monkeypatch.setattr(module, "ROOMS_MAX", 1)
        with pytest.raises(TooManyDrops):
            line.announce(Room("drp_2", "off_shp_1.ink", "prd_2", ROOM.terms, ""))
        line.end(DROP, OPENS)
        line.announce(Room("drp_2", "off_shp_1.ink", "prd_2", ROOM.terms, ""))

    def test_what_has_ended_is_told_for_a_while_and_joined_no_more(self, line):
        line.join(DROP, ["usr_a"])
        line.end(DROP, OPENS)
        assert self.room(line).ended
        with pytest.raises(KeyError):
            line.join(DROP, ["usr_b"])
        assert self.tickets(line) == 0
        line.end("drp_other", ENDS + KEPT_MS - 1)
        assert self.room(line, ENDS + KEPT_MS - 1).drop_id == DROP
        assert line.rooms(ENDS + KEPT_MS) == []
        line.end("drp_other", ENDS + KEPT_MS)
        assert line.rooms(OPENS) == []

    def test_what_never_came_to_be_is_forgotten(self, line):
        line.join(DROP, ["usr_a"])
        line.forget(DROP)
        assert line.rooms(OPENS) == []
        assert self.tickets(line) == 0

    def tickets(self, line: Line) -> int:
        store: VaultStore = line._store
        ((count,),) = store.rows("SELECT count(*) FROM drop_tickets")
        return int(count)
