"""Letters: every notice has one, in text and HTML, and nothing that somebody wrote becomes markup."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.decider import Event
from domain.giftcard import GiftCardRefunded
from domain.money import Money
from domain.order import OrderCancelled, OrderConfirmed, OrderPlaced
from domain.payment import PaymentRefunded
from domain.recorded import Meta, Recorded
from domain.shipment import ShipmentDelivered, ShipmentShipped
from streams.outgoing.letters import SUBJECTS, TEMPLATES, Letter, letter
from streams.outgoing.notices import KINDS, Notice, Recipient
from streams.outgoing.reasons import REASONS
from tests.domain.corpus.examples import TODAY

[PLACED] = [event for event in TODAY if isinstance(event, OrderPlaced)]
META = Meta(1_763_000_000_000, 1_763_000_000_000, "system", "", "ord_1", "", "", b"")


def written(event: Event, placed: OrderPlaced = PLACED, name: str = "Ada") -> Letter:
    recorded = Recorded(7, "ord_1", 3, event, META, b"")
    notice = Notice(KINDS[type(event)], "ord_1", placed, recorded, "msg_1")
    return letter(notice, Recipient(name, "ada@example.com"))


def test_every_kind_has_subject_and_templates() -> None:
    assert set(SUBJECTS) == set(KINDS.values())
    files = {path.name for path in TEMPLATES.iterdir()}
    assert {f"{kind}{ending}" for kind in SUBJECTS for ending in (".txt", ".html")} <= files


def test_a_confirmation_lists_what_was_bought_and_what_it_costs() -> None:
    confirmed = written(OrderConfirmed())
    assert confirmed.subject == "Your order ord_1 is confirmed"
    assert confirmed.text.startswith("Hello Ada,\n\nthank you for your order.")
    totals = PLACED.quote.totals
    for line in PLACED.quote.lines:
        assert f"{line.quantity} x {line.title}: {line.total}" in confirmed.text
        assert f"{line.quantity} × {line.title}" in confirmed.html
    for text in (confirmed.text, confirmed.html):
        for amount in (totals.items, totals.shipping, totals.tax, totals.grand):
            assert str(amount) in text
    assert f"-{totals.discount}" in confirmed.text
    assert "{" not in confirmed.text + confirmed.html.partition("</head>")[2]


def test_a_discount_of_nothing_is_not_told() -> None:
    totals = replace(PLACED.quote.totals, discount=Money(0, "USD"))
    confirmed = written(OrderConfirmed(), replace(PLACED, quote=replace(PLACED.quote, totals=totals)))
    assert "Discount" not in confirmed.text + confirmed.html


def test_a_parcel_is_told_with_what_is_in_it() -> None:
    [line, *_] = PLACED.quote.lines
    shipped = written(ShipmentShipped("shi_1", "UPS", "1Z9", {line.line_id: 1}, 5))
    for text in (shipped.text, shipped.html):
        assert line.title in text
        assert "with UPS" in text
        assert "1Z9" in text
    untracked = written(ShipmentShipped("shi_1", "UPS", "", {line.line_id: 1}, 5))
    assert "Tracking" not in untracked.text + untracked.html


@pytest.mark.parametrize("reason", REASONS)
def test_a_cancellation_says_why(reason: str) -> None:
    cancelled = written(OrderCancelled(reason))
    assert REASONS[reason] in cancelled.text
    assert REASONS[reason] in cancelled.html


def test_a_refund_says_how_much_and_a_delivery_that_it_came() -> None:
    assert "19.99 USD" in written(PaymentRefunded(Money(1999, "USD"))).text
    assert "was delivered" in written(ShipmentDelivered("shi_1", 5)).html


def test_what_a_gift_card_paid_and_got_back_is_told() -> None:
    assert PLACED.gift_card is not None
    confirmed = written(OrderConfirmed())
    for text in (confirmed.text, confirmed.html):
        assert str(PLACED.gift_card.amount) in text
        assert str(PLACED.due) in text
    plain = written(OrderConfirmed(), replace(PLACED, gift_card=None))
    assert "Gift card" not in plain.text + plain.html
    credited = written(GiftCardRefunded("ord_1", Money(1234, "USD")))
    assert credited.subject == "Your gift card, for order ord_1"
    assert "12.34 USD" in credited.text
    assert "12.34 USD" in credited.html


def test_what_people_wrote_is_no_markup() -> None:
    [line, *rest] = PLACED.quote.lines
    lines = (replace(line, title="<script>alert(1)</script> & co"), *rest)
    placed = replace(PLACED, quote=replace(PLACED.quote, lines=lines))
    confirmed = written(OrderConfirmed(), placed, name="<b>Ada</b> {{ 7 * 7 }}")
    assert "<script>" not in confirmed.html
    assert "&lt;b&gt;Ada&lt;/b&gt; {{ 7 * 7 }}" in confirmed.html
    assert "<script>alert(1)</script> & co" in confirmed.text
