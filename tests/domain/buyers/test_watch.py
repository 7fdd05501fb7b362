"""Who is told that something is back or costs less, as a specification."""

from __future__ import annotations

import pytest

from domain.buyers.watch import (
    BACK,
    CALLED_MAX,
    DAY_MS,
    DROP,
    WATCH,
    WATCHERS_MAX,
    BeginWatch,
    CallWatchers,
    EndWatch,
    WatchBegun,
    WatchEnded,
    WatcherCalled,
    WatchersLeft,
    came_back,
    fell,
    watch_of,
)
from domain.decider import Event
from domain.errors import LimitExceeded
from domain.inventory.inventory import InventoryItem, StockCommitted, StockHeld, StockReceived, StockUncommitted
from domain.inventory.stock import StockAdjusted, StockReturned, StockShipped
from domain.money import Money
from tests.spec import given, usd

ID, ADA, SKU = "wch_01K", "usr_ADA", "PEN-1"
USD20, NOW = Money(2000, "USD"), 1_000_000
BEGUN = WatchBegun(ADA, SKU, 5, USD20)


def call(price: int = 2000, back: bool = False, cause: int = 9, at: int = NOW) -> CallWatchers:
    return CallWatchers(ID, SKU, "Pen", usd(price), back, cause, at)


def called(kind: str, price: int, was: Money | None = USD20, cause: int = 9, at: int = NOW) -> WatcherCalled:
    return WatcherCalled(ADA, SKU, kind, "Pen", usd(price), cause, at, was)


def test_a_product_has_one() -> None:
    assert watch_of("prd_01K") == "wch_01K"


def test_a_watch_begins_and_ends_once() -> None:
    begin, end = BeginWatch(ID, ADA, SKU, 5, USD20), EndWatch(ID, ADA, SKU)
    begun = given(WATCH).when(begin).then(BEGUN)
    begun.when(BeginWatch(ID, ADA, SKU, 8, usd(1))).then_nothing()
    ended = begun.when(end).then(WatchEnded(ADA, SKU))
    ended.when(end).then_nothing()
    assert ended.state.count == 0
    ended.when(call(back=True)).then_nothing()


def test_what_is_back_is_told_once() -> None:
    called_once = given(WATCH, BEGUN).when(call(back=True)).then(called(BACK, 2000))
    called_once.when(call(back=True)).then_nothing()
    called_once.when(call(back=True, at=NOW + DAY_MS)).then_nothing()
    again = call(back=True, cause=10, at=NOW + DAY_MS)
    called_once.when(again).then(called(BACK, 2000, cause=10, at=NOW + DAY_MS))


def test_what_was_sold_out_when_it_was_wished_is_back_whenever_it_can_be_had() -> None:
    called_once = given(WATCH, WatchBegun(ADA, SKU, 5, sold_out=True)).when(call()).then(called(BACK, 2000, None))
    called_once.when(call(cause=10, at=NOW + DAY_MS)).then_nothing()


def test_nothing_is_told_that_happened_before_the_wish() -> None:
    given(WATCH, BEGUN).when(call(1000, True, cause=5)).then_nothing()
    given(WATCH, BEGUN).when(call(1000, True, cause=6)).then(called(BACK, 1000, cause=6))


def test_a_price_is_told_when_it_is_low_enough_and_then_only_a_lower_one() -> None:
    given(WATCH, BEGUN).when(call(1901)).then_nothing()
    called_once = given(WATCH, BEGUN).when(call(1900)).then(called(DROP, 1900))
    tomorrow = NOW + DAY_MS
    called_once.when(call(1900, cause=10, at=tomorrow)).then_nothing()
    called_once.when(call(1806, cause=10, at=tomorrow)).then_nothing()
    called_once.when(call(1805, cause=10, at=tomorrow)).then(called(DROP, 1805, usd(1900), 10, tomorrow))


@pytest.mark.parametrize(
    ("before", "now", "is_lower"),
    [(100, 95, True), (100, 96, False), (1, 0, True), (0, 0, False), (10, 10, False), (10, 11, False), (19, 18, True)],
)
def test_how_much_less_it_has_to_be(before: int, now: int, is_lower: bool) -> None:
    assert fell(usd(before), usd(now)) is is_lower


def test_prices_in_two_currencies_cannot_be_compared() -> None:
    assert not fell(usd(100), Money(1, "EUR"))
    given(WATCH, WatchBegun(ADA, SKU, 5)).when(call(1)).then_nothing()


def test_nobody_is_told_twice_of_a_product_within_a_day() -> None:
    called_once = given(WATCH, BEGUN, WatchBegun(ADA, "INK-1", 5, USD20), called(DROP, 1900))
    last_instant = NOW + DAY_MS - 1
    called_once.when(call(100, True, 10, last_instant)).then_nothing()
    ink = CallWatchers(ID, "INK-1", "Ink", USD20, True, 10, last_instant)
    called_once.when(ink).then_nothing()
    anew = called_once.when(EndWatch(ID, ADA, SKU)).then(WatchEnded(ADA, SKU))
    anew = anew.when(BeginWatch(ID, ADA, SKU, 11, USD20)).then(WatchBegun(ADA, SKU, 11, USD20))
    anew.when(call(100, True, 12, last_instant)).then_nothing()


def test_who_waits_for_nothing_and_was_told_long_ago_is_forgotten() -> None:
    gone = given(WATCH, BEGUN, called(BACK, 2000), WatchEnded(ADA, SKU))
    assert gone.state.count == 1
    other = "usr_EVA"  # on the same shelf
    begun = given(WATCH, *gone.events, WatchBegun(other, SKU, 5, USD20))
    last = WatcherCalled(other, SKU, BACK, "Pen", USD20, 10, NOW + DAY_MS - 1)
    assert given(WATCH, *begun.events, last).state.count == 2
    last = WatcherCalled(other, SKU, BACK, "Pen", USD20, 10, NOW + DAY_MS)
    assert given(WATCH, *begun.events, last).state.count == 1


def test_the_next_round_goes_on_where_the_last_one_ended() -> None:
    crowd = given(WATCH, *(WatchBegun(f"usr_{number:05}", SKU, 5, USD20) for number in range(CALLED_MAX + 1)))
    first = WATCH.decide(call(back=True), crowd.state)
    assert len(first) == CALLED_MAX + 1
    assert first[-1] == WatchersLeft(SKU, True, 9)
    second = WATCH.decide(call(back=True), WATCH.fold(first, crowd.state))
    assert len(second) == 1
    watchers = [event.account_id for event in [*first[:-1], *second] if isinstance(event, WatcherCalled)]
    assert len(set(watchers)) == CALLED_MAX + 1
    just = given(WATCH, *crowd.events[:CALLED_MAX])
    assert len(WATCH.decide(call(back=True), just.state)) == CALLED_MAX, "nobody is left"


def test_so_many_may_wait() -> None:
    full = WATCH.fold(WatchBegun(f"usr_{number:05}", SKU, 5) for number in range(WATCHERS_MAX))
    with pytest.raises(LimitExceeded):
        WATCH.decide(BeginWatch(ID, ADA, SKU, 5), full)
    assert WATCH.decide(BeginWatch(ID, "usr_00001", "INK-1", 5), full) == [WatchBegun("usr_00001", "INK-1", 5)]


@pytest.mark.parametrize(
    ("on_hand", "committed", "since", "back"),
    [
        (3, 0, [StockReceived(3)], True),
        (4, 0, [StockReceived(3)], False),
        (3, 3, [StockReceived(3)], False),
        (4, 3, [StockReceived(3)], True),
        (3, 1, [StockReceived(3), StockHeld("h", 1, 5), StockCommitted("h", 1)], True),
        (3, 0, [StockHeld("h", 1, 5), StockReceived(3)], False),
        (2, 0, [StockAdjusted(2)], True),
        (0, 0, [StockAdjusted(-2)], False),
        (1, 0, [StockReturned("ret_1", 1)], True),
        (1, 0, [StockUncommitted("ord_1", 1, "cancelled")], True),
        (0, 0, [StockReceived(1), StockCommitted("h", 1), StockShipped("shi_1", 1)], True),
        (1, 0, [StockReceived(1), StockShipped("shi_1", 2, 2)], False),
        (1, 0, [], False),
    ],
)
def test_what_was_sold_out_and_is_not(on_hand: int, committed: int, since: list[Event], back: bool) -> None:
    assert came_back(InventoryItem(on_hand, committed), since) is back
