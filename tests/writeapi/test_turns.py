"""Turns for orders while too many commands wait: in order, at the pace of the busy, once each, and nobody else's."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readapi.edge.problems import Overloaded, ProblemError
from streams.waiting.tokens import DropTokens
from writeapi.buying.turns import AHEAD_MS, COMMANDS_A_PURCHASE, GRACE_MS, HEADER, HOT_DEPTH, SLOWEST_PER_S, Turns

NOW = 1_700_000_000_000
STEP_MS = round(1000 * COMMANDS_A_PURCHASE / SLOWEST_PER_S)


class Busy:
    """A queue of any length."""

    def __init__(self, depth: int = HOT_DEPTH) -> None:
        self.depth = depth
        self.turns = Turns(lambda: self.depth, DropTokens(b"k" * 32))

    def refused(self, account: str, now: int, turn: str | None = None) -> tuple[str, int]:
        """The turn it is given, and when it is."""
        with pytest.raises(ProblemError) as refusal:
            self.turns.require(turn, account, now)
        assert refusal.value.code == "overloaded"
        headers = refusal.value.headers
        at = self.turns._tokens.turn(headers[HEADER]).at
        assert int(headers["Retry-After"]) == max(1, -(-(at - now) // 1000))
        return headers[HEADER], at


def test_nobody_waits_while_the_busy_keeps_up() -> None:
    busy = Busy(HOT_DEPTH - 1)
    for account in ("usr_1", "usr_2"):
        busy.turns.require(None, account, NOW)
        busy.turns.require("nonsense", account, NOW)


def test_turns_follow_each_other_in_the_order_of_asking() -> None:
    busy = Busy()
    ends = [busy.refused(f"usr_{number}", NOW)[1] for number in range(5)]
    assert ends == [NOW + 1000 + STEP_MS * (1 + number) for number in range(5)]


def test_a_turn_is_good_at_its_time_once_and_for_its_account() -> None:
    busy = Busy()
    turn, at = busy.refused("usr_1", NOW)
    assert busy.refused("usr_1", at - 1, turn) == (turn, at), "too early: it stays the same"
    other, _ = busy.refused("usr_2", at, turn)
    assert other != turn
    busy.turns.require(turn, "usr_1", at)
    again, later = busy.refused("usr_1", at, turn)
    assert again != turn
    assert later > at


def test_a_turn_that_was_not_taken_is_over() -> None:
    busy = Busy()
    turn, at = busy.refused("usr_1", NOW)
    busy.turns.require(turn, "usr_1", at + GRACE_MS - 1)
    busy = Busy()
    turn, at = busy.refused("usr_1", NOW)
    assert busy.refused("usr_1", at + GRACE_MS, turn)[0] != turn


def test_whoever_comes_when_it_has_cooled_down_does_not_pass_those_who_wait() -> None:
    busy = Busy()
    first, at = busy.refused("usr_1", NOW)
    second, last = busy.refused("usr_2", NOW)
    busy.depth = 0
    busy.refused("usr_3", NOW + 1)
    busy.turns.require(first, "usr_1", at)
    busy.turns.require(second, "usr_2", last)
    busy.turns.require(None, "usr_4", last + STEP_MS)


def test_nobody_is_sent_away_for_longer_than_is_stated() -> None:
    busy = Busy()
    turns = (AHEAD_MS - 1000) // STEP_MS
    ends = [busy.refused(f"usr_{number}", NOW)[1] for number in range(turns)]
    assert max(ends) <= NOW + AHEAD_MS < max(ends) + STEP_MS
    with pytest.raises(Overloaded) as refusal:
        busy.turns.require(None, "usr_late", NOW)
    assert refusal.value.headers == {"Retry-After": str(AHEAD_MS // 1000)}


def test_the_pace_is_that_of_the_house() -> None:
    busy = Busy()
    busy.refused("usr_0", NOW)
    for second in range(1, 20):
        busy.turns.landed(SimpleNamespace(submissions=[None] * 4_000), 0.1)
        busy.turns._measure(NOW + 1000 * second)
    at = NOW + 19_500
    _, first = busy.refused("usr_1", at)
    _, second_at = busy.refused("usr_2", at)
    assert second_at - first <= 2, "a thousand purchases a second, nearly"


@given(st.lists(st.tuples(st.integers(0, 400), st.booleans()), min_size=2, max_size=60))
def test_whoever_asks_first_has_the_earlier_turn(asked: list[tuple[int, bool]]) -> None:
    """However often the others come too early."""
    busy, now = Busy(), NOW
    given: list[tuple[str, str, int]] = []
    for number, (passed, impatient) in enumerate(asked):
        now += passed
        if impatient and given and now < given[0][2]:
            account, turn, at = given[0]
            assert busy.refused(account, now, turn) == (turn, at)
        given.append((f"usr_{number}", *busy.refused(f"usr_{number}", now)))
    instants = [at for _, _, at in given]
    assert instants == sorted(set(instants))
