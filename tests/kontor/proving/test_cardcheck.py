"""What `kontor verify` knows of gift cards: events that no rule would have let through are told."""

from __future__ import annotations

from typing import Any

import pytest

from domain.books.ledger import LedgerPosted
from domain.money import Money
from domain.payments import giftcard
from domain.payments.giftcard import GIFT_CARD
from domain.recorded import Meta
from kontor.proving.balance import BookedCheck, LedgerCheck, Posted
from kontor.proving.cardcheck import GiftCardCheck
from kontor.proving.verifying import verify
from tests.kontor.conftest import first, plant, rows_of
from tests.kontor.proving.captures import CAPTURED, META
from tests.spec import usd

CARD = "gft_1"


ISSUED = giftcard.GiftCardIssued(usd(500))
RESERVED = giftcard.GiftCardReserved("ord_1", usd(300))
REDEEMED = giftcard.GiftCardRedeemed("ord_1", usd(300))
RELEASED = giftcard.GiftCardReleased("ord_1", usd(300))
BACK = giftcard.GiftCardRefunded("ord_1", usd(100), "rfd_1")
REST = giftcard.GiftCardRefunded("ord_1", usd(200))


class Elsewhere:
    """An order that owes its card one refund."""

    def granted_to_card(self, order_id: str, refund_id: str, before: int) -> Money | None:
        return usd(100) if (order_id, refund_id) == ("ord_1", "rfd_1") else None


def wrong(*events: Any) -> list[str]:
    elsewhere: Any = Elsewhere()
    check, state, found = GiftCardCheck(CARD, elsewhere), GIFT_CARD.initial, []
    for position, event in enumerate(events, 1):
        before, state = state, GIFT_CARD.evolve(state, event)
        found.append(check(position, event, Meta(0, 0, "", "", "", "", "", b""), before, state))
    return [one for one in found if one is not None]


@pytest.mark.parametrize(
    "events",
    [
        (ISSUED, RESERVED, REDEEMED, BACK, REST, giftcard.GiftCardDisabled()),
        (ISSUED, RESERVED, RELEASED, giftcard.GiftCardRefused("ord_2", usd(900), "empty")),
        (ISSUED, giftcard.GiftCardRefused("ord_2", Money(9, "EUR"), "currency")),
    ],
)
def test_what_the_rules_let_through_is_right(events: tuple[Any, ...]) -> None:
    assert wrong(*events) == []


@pytest.mark.parametrize(
    ("events", "what"),
    [
        ((ISSUED, ISSUED), "issued a second time"),
        ((giftcard.GiftCardIssued(usd(0)),), "moves 0.00 USD"),
        ((ISSUED, giftcard.GiftCardReserved("ord_1", usd(501))), "1 more reserved and redeemed"),
        ((ISSUED, giftcard.GiftCardReserved("ord_1", Money(5, "EUR"))), "EUR on a card of USD"),
        ((ISSUED, RESERVED, giftcard.GiftCardReserved("ord_1", usd(1))), "reserves a second time"),
        ((ISSUED, RESERVED, RELEASED, RESERVED), "reserves a second time"),
        ((ISSUED, RESERVED, REDEEMED, REDEEMED), "reserved were None"),
        ((ISSUED, RESERVED, RELEASED, REDEEMED), "reserved were None"),
        ((ISSUED, RESERVED, giftcard.GiftCardRedeemed("ord_1", usd(299))), "reserved were 300"),
        ((ISSUED, RESERVED, REDEEMED, BACK, BACK), "given back a second time"),
        ((ISSUED, RESERVED, BACK), "100 given back to ord_1, 0 redeemed"),
        ((ISSUED, RESERVED, REDEEMED, giftcard.GiftCardRefunded("ord_1", usd(301))), "301 given back"),
        ((ISSUED, RESERVED, REDEEMED, giftcard.GiftCardRefunded("ord_1", usd(99), "rfd_1")), "owed is 1.00 USD"),
        ((ISSUED, RESERVED, REDEEMED, giftcard.GiftCardRefunded("ord_1", usd(9), "rfd_2")), "owed is None"),
    ],
)
def test_what_they_would_not_is_told(events: tuple[Any, ...], what: str) -> None:
    assert what in wrong(*events)[0]


def test_a_card_in_the_log_is_looked_at(path: Any, connection: Any) -> None:
    plant(connection, CARD, ISSUED)
    plant(connection, CARD, RESERVED)
    assert verify(path).ok
    position = plant(connection, CARD, giftcard.GiftCardReserved("ord_2", usd(201)))
    assert first(verify(path)) == (position, "1 more reserved and redeemed than the card is worth")


# the ledger, which is walked after the cards


def posted(*transactions: Any) -> tuple[Posted, list[str]]:
    books = Posted()
    booked, ledger = BookedCheck(CARD, books), LedgerCheck(books)
    for position, event in ((1, ISSUED), (3, RESERVED), (5, REDEEMED)):
        assert booked(position, event, META, None, None) is None
    for number, one in enumerate(transactions):
        ledger(20 + number, LedgerPosted((one,)), META, None, None)  # type: ignore[arg-type]  # it looks at events alone
    return books, [what for _, _, what in books.unposted()]


def transaction(cause: str, position: int, kind: str, amount: int) -> Any:
    fields = {name: getattr(CAPTURED, name) for name in CAPTURED.__struct_fields__}
    changed = {"cause": cause, "position": position, "kind": kind, "amount": amount}
    return type(CAPTURED)(**fields | changed)


def test_what_moved_on_a_card_is_posted() -> None:
    books, unposted = posted(transaction("gft_1/1", 1, "issued", 500), transaction("gft_1/3", 5, "redeemed", 300))
    assert (unposted, books.missing) == ([], set())


def test_what_the_journal_has_not_come_to_is_no_mistake() -> None:
    assert posted()[1] == []
    assert posted(transaction("gft_1/1", 1, "issued", 500))[1] == []


def test_what_was_left_out_or_is_posted_otherwise_is_told() -> None:
    assert posted(transaction("gft_1/3", 5, "redeemed", 300))[1] == [
        "5.00 USD issued, and the ledger does not have it so"
    ]
    books, unposted = posted(transaction("gft_1/1", 1, "issued", 400))
    assert unposted == ["5.00 USD issued, and the ledger does not have it so"]
    assert len(books.missing) == 1


def test_a_journal_that_leaves_a_card_out_is_told_of(path: Any, connection: Any) -> None:
    position = plant(connection, CARD, ISSUED)
    last = len(rows_of(connection))
    other = transaction("pay_9/3", last, "captured", 500)
    plant(connection, "led_journal", LedgerPosted((other,)))
    assert (position, "5.00 USD issued, and the ledger does not have it so") in [
        (one.position, one.what) for one in verify(path).problems
    ]
