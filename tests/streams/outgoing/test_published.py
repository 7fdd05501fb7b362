"""What of an event leaves the house, and how the wanted ones are found in the log."""

from __future__ import annotations

import msgspec
import pytest

from commands.mapper import record
from commands.store.memory import MemoryLog
from domain.buyers import account
from domain.decider import Event
from domain.errors import Invalid
from domain.money import Money
from domain.orders import order, shipment
from domain.outgoing import subscription
from domain.payments import payment
from domain.recorded import Meta, Recorded, Unreadable
from domain.sellers import merchantfeed
from domain.sellers.feedterms import FeedTerms
from domain.stored.codec import EVENTS, encode, stored_name
from streams.outgoing.published import of_types, plain, published, types_of, wanted_after
from tests.domain.corpus.examples import TODAY

META = Meta(1_762_000_000_123, 1_762_000_000_456, "usr_1", "c-1", "ord_1", "pay_1/2", "", b"")


def recorded(event: object, stream: str = "ord_1") -> Recorded:
    return Recorded(7, stream, 3, event, META, b"hash")


async def log_of(*events: Event) -> MemoryLog:
    log = MemoryLog()
    transaction = await log.begin()
    rows = [record(at, f"ord_{at}", 1, event, META)[1] for at, event in enumerate(events, 1)]
    await transaction.append(rows, [], [])
    await transaction.commit()
    return log


def test_an_event_is_told_with_its_envelope() -> None:
    shown = published(recorded(shipment.ShipmentShipped("shi_1", "UPS", "1Z9", {"lin_one_1": 2}, 5)))
    assert shown == {
        "position": "7",
        "id": "ord_1/3",
        "type": "order.shipment_shipped",
        "stream": "ord_1",
        "version": 3,
        "at": "2025-11-01T12:26:40.123Z",
        "correlation": "ord_1",
        "causation": "pay_1/2",
        "actor": "usr_1",
        "data": {
            "shipmentId": "shi_1",
            "carrier": "UPS",
            "tracking": "1Z9",
            "units": {"lin_one_1": 2},
            "at": "1970-01-01T00:00:00.005Z",
        },
    }


def test_nothing_sealed_and_no_token_leaves_the_house() -> None:
    placed = next(event for event in TODAY if isinstance(event, order.OrderPlaced))
    data = published(recorded(placed))["data"]
    assert data["accountId"] == placed.account_id
    assert data["quote"]["lines"][0]["lineId"] == placed.quote.lines[0].line_id
    assert not {"address", "paymentToken", "derivation", "methods"} & (data.keys() | data["quote"].keys())
    asked = published(recorded(payment.AuthorizationRequested("ord_1", Money(5, "USD"), "pm_secret", placed_at=1_000)))
    amount, placed_at = {"amount": 5, "currency": "USD"}, "1970-01-01T00:00:01.000Z"
    assert asked["data"] == {"orderId": "ord_1", "amount": amount, "inParts": False, "placedAt": placed_at}


@pytest.mark.parametrize("event", TODAY, ids=stored_name)
def test_every_event_can_be_told_and_none_tells_what_is_sealed(event: Event) -> None:
    text = msgspec.json.encode(published(recorded(event))).decode()
    assert "sealed" not in text.replace("unsealed", "")
    assert "pm_card_visa" not in text


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://feeds.example/prices.csv?key=s3cret", "https://feeds.example/…"),
        ("https://hooks.example:8443/services/s3cret", "https://hooks.example:8443/…"),
        ("https://hooks.example?key=s3cret", "https://hooks.example/"),
        ("https://hooks.example", "https://hooks.example/"),
        ("file:prices.csv", "file:prices.csv"),
    ],
)
def test_of_addresses_the_host_is_told(address: str, shown: str) -> None:
    """One subscriber's address is no business of another's, nor a merchant's."""
    put = merchantfeed.FeedPut("prices", FeedTerms("offers", address), 1)
    assert published(recorded(put))["data"]["terms"]["source"] == shown
    made = subscription.SubscriptionCreated("sub_1", address, ("*",), b"sealed", 1, 1)
    assert published(recorded(made))["data"]["url"] == shown
    assert plain(subscription.Subscription(address, ("*",), b"sealed", 1, 1, 1))["url"] == shown


@pytest.mark.parametrize("event", TODAY, ids=stored_name)
def test_instants_are_told_as_text(event: Event) -> None:
    """No whole number that is left can be milliseconds since 1970: those of the examples are of this century."""

    def numbers(value: object) -> list[int]:
        if isinstance(value, dict | list):
            return [one for inner in (value.values() if isinstance(value, dict) else value) for one in numbers(inner)]
        return [value] if type(value) is int else []

    assert max(numbers(published(recorded(event))["data"]), default=0) < 10**12


def test_what_has_not_happened_has_no_instant() -> None:
    packed = plain(shipment.Shipment("shp_1", {"lin_one_1": 2}, 5))
    assert (packed["packedAt"], packed["shippedAt"]) == ("1970-01-01T00:00:00.005Z", None)


def test_an_event_that_nobody_can_read_has_no_data() -> None:
    shown = published(recorded(Unreadable("order.teleported@9", "unknown")))
    assert (shown["type"], shown["data"]) == ("order.teleported", None)


def test_patterns_name_types() -> None:
    assert types_of(["order.paid"]) == {"order.paid"}
    assert types_of(["shop.*", "order.paid"]) == {"shop.opened", "shop.renamed", "order.paid"}
    assert types_of(["*"]) == EVENTS.keys()


@pytest.mark.parametrize("pattern", ["", "order", "order.", "order.pa*", ".*", "order.payed", "**", "orders.*"])
def test_a_pattern_that_names_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(Invalid) as refused:
        types_of(["order.paid", pattern], "/types")
    assert refused.value.pointer == "/types/1"


async def test_wanted_events_come_in_order_and_at_most_as_many_as_asked_for() -> None:
    paid, confirmed = order.OrderPaid("pay_1"), order.OrderConfirmed()
    log = await log_of(confirmed, paid, confirmed, paid, paid, confirmed)
    wanted = of_types(frozenset(["order.paid"]))
    events, upto = await wanted_after(log, 0, wanted, 2)
    assert ([event.position for event in events], upto) == ([2, 4], 4)
    events, upto = await wanted_after(log, upto, wanted, 2)
    assert ([event.position for event in events], upto) == ([5], 6)
    assert await wanted_after(log, upto, wanted, 2) == ([], 6)


async def test_a_search_among_unwanted_events_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.outgoing.published.READ_PAGE", 2)
    log = await log_of(*[order.OrderConfirmed()] * 6, order.OrderPaid("pay_1"))
    wanted = of_types(frozenset(["order.paid"]))
    assert await wanted_after(log, 0, wanted, 5, scanned_max=3) == ([], 4)
    events, upto = await wanted_after(log, 4, wanted, 5, scanned_max=3)
    assert ([event.position for event in events], upto) == ([7], 7)


async def test_a_page_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    paid = order.OrderPaid("pay_1")
    monkeypatch.setattr("streams.outgoing.published.BYTES_MAX", len(encode(paid)))
    log = await log_of(*[paid] * 5)
    wanted = of_types(frozenset(["order.paid"]))
    events, upto = await wanted_after(log, 0, wanted, 5)
    assert ([event.position for event in events], upto) == ([1, 2], 2)


async def test_account_events_tell_nothing_of_the_person() -> None:
    registered = account.AccountRegistered("clm_email.abc", b"name and e-mail", ("customer",))
    assert published(recorded(registered))["data"] == {"emailClaim": "clm_email.abc", "scopes": ["customer"]}
