"""Waiting lines as services use them: joined many at a time, read rarely, and places worked out."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from commands.errors import Overloaded
from commands.vault import Vault
from domain.sellers.drop import DropTerms, Pace, by_lot
from streams.waiting import rooms as module
from streams.waiting.line import Line, LineFull
from streams.waiting.room import ORDERING_MS, Room, Units
from streams.waiting.rooms import Rooms
from streams.waiting.tokens import Admission, BadToken, DropTokens, Ticket
from tests.contracts.waiting_line import ADMISSION_MS, DROP, OPENS, ROOM, people


class Counted(Line):
    """How often it was asked."""

    reads = writes = 0

    def rooms(self, at: int) -> list[Room]:
        self.reads += 1
        return super().rooms(at)

    def join(self, drop_id: str, accounts: Collection[str]) -> dict[str, int]:
        self.writes += 1
        return super().join(drop_id, accounts)


@pytest.fixture
def line(vault: Vault) -> Counted:
    line = Counted(vault.store)
    line.announce(ROOM)
    return line


@pytest.fixture
def rooms(line: Counted) -> Rooms:
    return Rooms(line, DropTokens(b"k" * 32), lambda: OPENS)


async def test_thousands_join_with_a_few_writes(rooms: Rooms, line: Counted) -> None:
    everybody = people(1, 2_000)
    numbers = await asyncio.gather(*(rooms.join(DROP, account) for account in everybody + everybody))
    assert numbers == [*range(1, 2_001)] * 2
    assert line.writes <= 10


async def test_lines_of_several_drops_are_joined_side_by_side(rooms: Rooms, line: Counted) -> None:
    line.announce(Room("drp_2", "off_shp_1.ink", "prd_2", ROOM.terms, ""))
    both = [rooms.join(drop, account) for account in people(1, 20) for drop in (DROP, "drp_2")]
    assert await asyncio.gather(*both) == [number for number in range(1, 21) for _ in (DROP, "drp_2")]


async def test_whoever_gives_up_waiting_disturbs_nobody(rooms: Rooms) -> None:
    first, second = (asyncio.create_task(rooms.join(DROP, account)) for account in people(1, 2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == 2


async def test_what_is_wrong_is_told_to_each_and_the_next_may_join(
    rooms: Rooms, line: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: Any) -> Any:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(line, "join", broken)
    errors = await asyncio.gather(*(rooms.join(DROP, account) for account in people(1, 3)), return_exceptions=True)
    assert [type(one) for one in errors] == [sqlite3.OperationalError] * 3
    monkeypatch.undo()
    assert await rooms.join(DROP, "usr_1") == 1
    with pytest.raises(KeyError):
        await rooms.join("drp_gone", "usr_1")


async def test_one_too_many_in_a_batch_keeps_no_other_out_the_next_time(vault: Vault) -> None:
    line = Line(vault.store, tickets_max=2)
    line.announce(ROOM)
    rooms = Rooms(line, DropTokens(b"k" * 32), lambda: OPENS)
    errors = await asyncio.gather(*(rooms.join(DROP, account) for account in people(1, 3)), return_exceptions=True)
    assert [type(one) for one in errors] == [LineFull] * 3
    assert [await rooms.join(DROP, account) for account in people(1, 2)] == [1, 2]


async def test_too_many_at_once_are_told_to_come_again(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "JOINING_MAX", 1)
    first = asyncio.create_task(rooms.join(DROP, "usr_1"))
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await asyncio.gather(*(rooms.join(DROP, account) for account in people(2, 4)))
    assert await first == 1


async def test_thousands_who_look_cost_one_read(rooms: Rooms, line: Counted) -> None:
    found = await asyncio.gather(*(rooms.room(DROP) for _ in range(1_000)))
    assert found == [ROOM] * 1_000
    assert line.reads == 1
    rooms.stale()
    await rooms.room(DROP)
    assert line.reads == 2


async def test_a_change_during_a_read_is_seen_by_the_next(
    rooms: Rooms, line: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = line.rooms

    def changed_meanwhile(at: int) -> list[Room]:
        found = real(at)
        if line.reads == 1:
            line.join(DROP, ["usr_1"])
            rooms.stale()
        return found

    monkeypatch.setattr(line, "rooms", changed_meanwhile)
    assert [room.issued for room in await rooms.all()] == [1]


async def test_a_store_that_takes_longer_than_its_answer_is_good_for_answers_all_the_same(
    rooms: Rooms, line: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = line.rooms

    def slowly(at: int) -> list[Room]:
        time.sleep(0.03)
        return real(at)

    monkeypatch.setattr(line, "rooms", slowly)
    monkeypatch.setattr(module, "FRESH_S", 0.01)
    async with asyncio.timeout(2):
        assert await rooms.all() == [ROOM]
    assert line.reads == 1


async def test_who_was_told_a_position_finds_what_another_process_did_up_to_it(rooms: Rooms, line: Counted) -> None:
    [before] = await rooms.all(since=1)
    Line(line._store).join(DROP, ["usr_1"])
    assert (before.issued, [room.issued for room in await rooms.all(since=2)]) == (0, [1])
    reads = line.reads
    await asyncio.gather(*(rooms.all(since) for since in (0, 1, 2)))
    assert line.reads == reads, "asked for what is known"


async def test_a_store_that_is_away_is_told_and_asked_again(
    rooms: Rooms, line: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(at: int) -> Any:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(line, "rooms", broken)
    with pytest.raises(sqlite3.OperationalError):
        await rooms.all()
    monkeypatch.undo()
    assert await rooms.all() == [ROOM]


async def test_places_of_those_before_are_drawn_and_the_others_follow(rooms: Rooms, line: Counted) -> None:
    line.join(DROP, people(1, 50))
    line.open(DROP, "seed", line.close_the_draw(DROP), Units(1, 0, 1))
    room = await rooms.room(DROP)
    assert room is not None
    assert [await rooms.place(room, number) for number in range(1, 51)] == list(by_lot("seed", 50))
    assert await rooms.place(room, 51) == 51


async def test_lots_are_drawn_once_however_many_ask_at_once(
    rooms: Rooms, line: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []

    def counted(seed: str, joined: int) -> Any:
        drawn.append(joined)
        return by_lot(seed, joined)

    monkeypatch.setattr(module, "by_lot", counted)
    line.join(DROP, people(1, 100))
    line.open(DROP, "seed", line.close_the_draw(DROP), Units(1, 0, 1))
    room = await rooms.room(DROP)
    assert room is not None
    places = await asyncio.gather(*(rooms.place(room, number) for number in range(1, 101)))
    assert sorted(places) == list(range(1, 101))
    assert drawn == [100]


# tokens


def test_a_token_says_what_was_signed() -> None:
    tokens = DropTokens(b"k" * 32)
    ticket, admission = Ticket(DROP, "usr_1", 7), Admission(DROP, "usr_1", 7, 3, OPENS)
    assert tokens.ticket(tokens.issue(ticket)) == ticket
    assert tokens.admission(tokens.admit(admission)) == admission


def test_no_other_token_passes_for_one() -> None:
    tokens, others = DropTokens(b"k" * 32), DropTokens(b"K" * 32)
    token = tokens.issue(Ticket(DROP, "usr_1", 7))
    admission = tokens.admit(Admission(DROP, "usr_1", 7, 3, OPENS))
    forged = [
        "",
        "ticket",
        "ticket.",
        token.replace(".7.", ".1."),
        token.replace("usr_1", "usr_2"),
        token[:-1],
        token + "A",
        token + "ü",
        "t" * 10_000,
        admission,
        admission.replace("admission", "ticket", 1),
        others.issue(Ticket(DROP, "usr_1", 7)),
    ]
    for one in forged:
        with pytest.raises(BadToken):
            tokens.ticket(one)
    with pytest.raises(BadToken):
        tokens.admission(token.replace("ticket", "admission", 1))


def test_a_seed_belongs_to_a_drop_and_a_key() -> None:
    tokens = DropTokens(b"k" * 32)
    seeds = {tokens.seed_of(DROP), tokens.seed_of("drp_2"), DropTokens(b"K" * 32).seed_of(DROP)}
    assert {len(seed) for seed in seeds} == {64}
    assert len(seeds) == 3
    assert tokens.seed_of(DROP) in seeds


# how a line moves


moves = st.lists(
    st.tuples(st.integers(0, ADMISSION_MS), st.integers(0, 30), st.integers(0, 3)), min_size=1, max_size=40
)
"""How long after the one before, how many have joined since, how many of those let in order, some just in time."""


@settings(max_examples=150)
@given(st.integers(1, 60_000), st.integers(1, 3), st.integers(0, 20), moves)
def test_nobody_is_let_in_for_whom_there_may_be_no_unit(
    per_minute: int, limit: int, stock: int, moves: list[tuple[int, int, int]]
) -> None:
    terms = DropTerms(OPENS, OPENS + 10**9, per_minute, ADMISSION_MS)
    room = Room(DROP, "off_shp_1.pen", "prd_1", terms, "", seed="seed", joined=0, pace=Pace(0, OPENS))
    at, left, until = OPENS, stock, {}
    ordered: set[int] = set()
    for passed, came, buying in moves:
        at += passed
        for place in [place for place in until if place not in ordered and at < until[place] + ORDERING_MS][:buying]:
            if left:
                ordered.add(place)
                left -= min(limit, left)
        recently = sum(room.lapsed(at) < place <= room.pace.called for place in ordered)
        before = room.pace.called
        room = replace(room, issued=room.issued + came).moved(Units(left, 0, left), limit, recently, at)
        for place in range(before + 1, room.pace.called + 1):
            until[place] = room.admitted_until(place)
            assert at + ADMISSION_MS - 1_000 < until[place] <= at + ADMISSION_MS
        inside = [place for place in until if place not in ordered and at < until[place] + ORDERING_MS]
        assert room.admitted == len(inside)
        assert len(inside) * limit <= left or len(inside) == 1 or room.pace.called == before
        assert room.pace.called <= room.issued
        assert len(room.calls) <= (ADMISSION_MS + ORDERING_MS) // 1_000 + 2
