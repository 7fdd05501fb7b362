"""Letters: every notice has one, in text and HTML, and nothing that somebody wrote becomes markup."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from domain.buyers.watch import BACK, DROP, WatcherCalled
from domain.decider import Event
from domain.money import Money
from domain.orders.order import (
    CancelledOrder,
    LinesCancelled,
    OpenOrder,
    OrderCancelled,
    OrderConfirmed,
    OrderPlaced,
    PaidOrder,
)
from domain.orders.refund import RefundGranted, RefundLine
from domain.orders.returns import Return, ReturnApproved, ReturnReceived, ReturnRejected
from domain.orders.shipment import ShipmentDelivered, ShipmentShipped
from domain.payments.giftcard import GiftCardRefunded
from domain.payments.payment import PaymentRefunded
from domain.recorded import Meta, Recorded
from streams.outgoing.letters import SUBJECTS, TEMPLATES, WISH_SUBJECTS, Letter, letter
from streams.outgoing.notices import KINDS, Notice, Recipient, WishNotice
from streams.outgoing.reasons import REASONS
from tests.domain.corpus.examples import TODAY

[PLACED] = [event for event in TODAY if isinstance(event, OrderPlaced)]
META = Meta(1_763_000_000_000, 1_763_000_000_000, "system", "", "ord_1", "", "", b"")


def written(event: Event, placed: OrderPlaced = PLACED, name: str = "Ada", said: str = "") -> Letter:
    return of(OpenOrder(placed), event, said, name)


def of(order: OpenOrder | PaidOrder | CancelledOrder, event: Event, said: str = "", name: str = "Ada") -> Letter:
    recorded = Recorded(7, "ord_1", 3, event, META, b"")
    notice = Notice(KINDS[type(event)], "ord_1", order, recorded, "msg_1", said)
    return letter(notice, Recipient(name, "ada@example.com"))


def granted(cause: str = "", reason: str = "returned", **more: object) -> PaidOrder:
    """With one return of a unit of the first line, and one refund of it."""
    [line, *_] = PLACED.quote.lines
    share = RefundLine(line.line_id, 1, Money(1999, "USD"), Money(0, "USD"))
    refund = replace(RefundGranted("ref_1", Money(1999, "USD"), reason, 5, (share,), cause=cause), **more)
    returned = Return("shp_1", {line.line_id: 1}, 1, 2)
    return PaidOrder(PLACED, "pay_1", refunds={"ref_1": refund}, returns={"ret_1": returned})


def says(letter: Letter, *words: str) -> bool:
    """In either form; line breaks and what makes words bold are no part of them."""
    forms = (letter.text, letter.html.replace("<b>", "").replace("</b>", "").replace(" × ", " x "))
    return all(" ".join(word.split()) in " ".join(form.split()) for word in words for form in forms)


def test_every_kind_has_subject_and_templates() -> None:
    assert set(SUBJECTS) == set(KINDS.values())
    files = {path.name for path in TEMPLATES.iterdir()}
    assert {f"{kind}{ending}" for kind in (*SUBJECTS, *WISH_SUBJECTS) for ending in (".txt", ".html")} <= files


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


def test_units_that_are_called_off_are_told_with_the_money_and_why() -> None:
    [line, *_] = PLACED.quote.lines
    event = LinesCancelled("cnl_1", {line.line_id: 1}, 5)
    letter = of(granted("cnl_1", "cancelled"), event, "the seller ran out")
    assert letter.subject == "Part of your order ord_1 was cancelled"
    assert says(letter, f"1 x {line.title}", "19.99 USD that you paid for it", "The reason given: the seller ran out")
    silent = of(granted("cnl_2"), event)
    assert says(silent, f"1 x {line.title}", "The rest of your order stands.")
    assert "reason" not in silent.text + silent.html
    assert "19.99" not in silent.text + silent.html, "what was paid back before is not promised again"


def test_that_nothing_at_all_is_sent_is_told_as_that() -> None:
    event = LinesCancelled("can_1", {line.line_id: line.quantity for line in PLACED.quote.lines}, 5)
    letter = of(granted("cnl_2"), event)
    assert letter.subject == "Your order ord_1 will not be sent"
    assert not says(letter, "The rest of your order stands.")
    assert says(letter, *(line.title for line in PLACED.quote.lines))


def test_what_becomes_of_the_order_later_changes_no_letter() -> None:
    [line, *_] = PLACED.quote.lines
    before = granted("cnl_1", "cancelled")
    after = CancelledOrder(PLACED, "cancelled", True, refunds=before.refunds)
    for event in (LinesCancelled("cnl_1", {line.line_id: 1}, 5), PaymentRefunded(Money(1999, "USD"), "ref_1")):
        assert of(before, event) == of(after, event)


def test_a_return_that_is_approved_is_told_with_its_label() -> None:
    [line, *_] = PLACED.quote.lines
    labelled = of(granted(), ReturnApproved("ret_1", 5, "UPS", "1Z9"))
    assert labelled.subject == "You may send back goods of order ord_1"
    assert says(labelled, f"1 x {line.title}", "take it to UPS", "The number of its label: 1Z9")
    assert not says(labelled, "carrier of your choice")
    plain = of(granted(), ReturnApproved("ret_1", 5))
    assert says(plain, f"1 x {line.title}", "Send it with a carrier of your choice")
    assert "label" not in plain.text + plain.html


def test_a_return_that_is_refused_says_why() -> None:
    [line, *_] = PLACED.quote.lines
    refused = of(granted(), ReturnRejected("ret_1", 5), "worn")
    assert refused.subject == "Your return for order ord_1 was refused"
    assert says(refused, f"1 x {line.title}", "The reason given: worn")
    assert "reason" not in of(granted(), ReturnRejected("ret_1", 5)).text


def test_a_return_that_arrived_says_what_it_brings() -> None:
    [line, *_] = PLACED.quote.lines
    event = ReturnReceived("ret_1", {line.line_id: 1}, True, 5)
    arrived = of(granted("ret_1"), event)
    assert arrived.subject == "Your return for order ord_1 has arrived"
    assert says(arrived, f"1 x {line.title}", "19.99 USD is on its way back to you.")
    assert not says(of(granted(), event), "on its way back"), "its money had been given back before"


def test_a_refund_of_a_part_says_of_what_and_for_what() -> None:
    [line, *_] = PLACED.quote.lines
    event = PaymentRefunded(Money(1999, "USD"), "ref_1")
    part = of(granted("ret_1", shipping={"shp_1": Money(500, "USD")}), event)
    assert says(part, f"19.99 USD back to you, of {PLACED.due} that you paid", f"1 x {line.title}", "Shipping")
    assert says(part, "The reason given: for what came back")
    by_hand = of(granted(reason="damaged", lines=()), event)
    assert says(by_hand, "The reason given: damaged")
    assert "It is for" not in by_hand.text + by_hand.html
    whole = written(PaymentRefunded(PLACED.due))
    assert says(whole, f"we have paid {PLACED.due} back to you. It takes")


def test_a_part_that_goes_back_on_the_gift_card() -> None:
    assert PLACED.gift_card is not None
    covered = PLACED.gift_card.amount
    part = of(granted("ret_1"), GiftCardRefunded("ord_1", Money(1, "USD"), "ref_1"))
    assert says(part, f"0.01 USD back on the gift card that you paid with, of {covered} that it had paid.")
    assert says(part, "The reason given: for what came back")
    assert says(written(GiftCardRefunded("ord_1", covered)), f"{covered} back on the gift card that you paid with.")


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
    refused = of(granted(), ReturnRejected("ret_1", 5), "<script>worn</script>")
    assert "&lt;script&gt;worn" in refused.html


def test_letters_of_wishes_say_what_it_costs_and_how_to_end_them() -> None:
    price, was = Money(1999, "USD"), Money(2999, "USD")
    for kind, words in ((BACK, "can be had again"), (DROP, "It was 29.99 USD when you wished it")):
        called = WatcherCalled("usr_1", "PEN-1", kind, "Pen\n<b> & Ink", price, 7, 8, was)
        notice = WishNotice(called, Recorded(7, "wch_1", 3, called, META, b""), "msg_1")
        mail = letter(notice, Recipient("Ada", "ada@example.com"))
        assert mail.subject == WISH_SUBJECTS[kind].format(title="Pen <b> & Ink"), "one line"
        assert says(mail, words, "19.99 USD", "switch notices of wishes off in your account")
        assert "Pen\n&lt;b&gt; &amp; Ink" in mail.html
