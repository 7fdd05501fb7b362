"""What is made of an invoice, and which purchases a cancellation takes back."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kontor.pastorders.retail import SHOP, read
from kontor.pastorders.story import Cancellation, Delivery, Dispatch, Purchase, Return, Story, WriteOff
from tests.kontor.pastorders.records import cancelled, invoice, line

MORNING, NOON, NEXT_DAY = "2011-03-01T09:00:00", "2011-03-01T12:00:00", "2011-03-02T09:00:00"
GOOD = SHOP, "22633"


def story_of(*invoices) -> Story:
    return read(enumerate(invoices, 1))


def kinds(story: Story) -> list[type]:
    return [type(deed) for deed in story.deeds]


def refused(story: Story) -> list[tuple[str, str, int]]:
    return [(one.row, one.reason, one.units) for one in story.refusals]


def purchases(story: Story) -> list[Purchase]:
    return [deed for deed in story.deeds if isinstance(deed, Purchase)]


def test_a_sale_leaves_in_the_night_and_arrives():
    story = story_of(invoice("536365", MORNING, line()))
    assert kinds(story) == [Purchase, Dispatch, Delivery]
    [bought, *_] = story.deeds
    assert (bought.key, bought.buyer, bought.freight) == ("536365/1", "17850", 0)
    assert [(one.good, one.quantity, one.price) for one in bought.lines] == [(GOOD, 6, 185)]
    assert story.addresses["17850 United Kingdom"]["country"] == "GB"


def test_repeated_lines_add_up_and_letter_cases_are_one_sku():
    [bought] = purchases(story_of(invoice("1", MORNING, line("85123a", 2), line("85123A", 3), line("85123A", 3))))
    assert [(one.good[1], one.quantity) for one in bought.lines] == [("85123A", 8)]


def test_two_prices_of_a_sku_are_two_purchases():
    story = story_of(invoice("1", MORNING, line(), line(price="1.50")))
    assert [[one.price for one in bought.lines] for bought in purchases(story)] == [[185], [150]]


def test_more_than_a_cart_holds_is_several_purchases():
    many = story_of(invoice("1", MORNING, *(line(str(10_000 + i), 1) for i in range(101))))
    assert [len(bought.lines) for bought in purchases(many)] == [100, 1]
    much = story_of(invoice("1", MORNING, line(quantity=2_500)))
    assert [bought.lines[0].quantity for bought in purchases(much)] == [1_000, 1_000, 500]


@pytest.mark.parametrize(
    ("changes", "of_invoice", "reason"),
    [
        ({"special": True, "sku": "POST"}, {}, "not_goods"),
        ({"price": "0.0"}, {}, "no_price"),
        ({"price": "0.001"}, {}, "between_two_pence"),
        ({"quantity": -3}, {}, "wrong_direction"),
        ({}, {"customer_id": None}, "no_customer"),
        ({}, {"country": "European Community"}, "no_country"),
        ({}, {"kind": "adjustment", "customer_id": None}, "adjustment"),
    ],
)
def test_rows_that_cannot_be_bought_are_refused_with_a_reason(changes, of_invoice, reason):
    row = line(**changes)
    story = story_of(invoice("1", MORNING, row, **of_invoice))
    assert story.deeds == []
    assert refused(story) == [("1:1", reason, abs(row["quantity"]))]
    assert story.refusals[0].amount == story.stated == Decimal(row["unit_price"]) * row["quantity"]


def test_units_that_are_gone_are_written_off():
    [written_off] = story_of(
        invoice("2", NOON, line(quantity=-4, price="0.0"), kind="writeoff", customer_id=None)
    ).deeds
    assert isinstance(written_off, WriteOff)
    assert (written_off.good, written_off.quantity) == (GOOD, 4)


class TestTakingBack:
    def test_before_the_parcel_is_packed_it_is_called_off(self):
        story = story_of(invoice("1", MORNING, line()), cancelled("C2", NOON, line(quantity=-2)))
        assert kinds(story) == [Purchase, Cancellation, Dispatch, Delivery]
        assert story.deeds[1].units == {GOOD: 2}

    def test_what_was_called_off_whole_is_never_sent(self):
        story = story_of(invoice("1", MORNING, line()), cancelled("C2", NOON, line(quantity=-6)))
        assert kinds(story) == [Purchase, Cancellation]

    def test_afterwards_it_is_sent_back_once_it_has_arrived(self):
        story = story_of(invoice("1", MORNING, line()), cancelled("C2", "2011-03-02T00:10:00", line(quantity=-2)))
        assert kinds(story) == [Purchase, Dispatch, Delivery, Return]
        assert story.deeds[3].at == story.deeds[2].at

    def test_of_the_newest_purchases_at_this_price_first(self):
        story = story_of(
            invoice("1", MORNING, line(quantity=5)),
            invoice("2", MORNING, line(quantity=5, price="1.50")),
            invoice("3", NOON, line(quantity=5)),
            cancelled("C4", NEXT_DAY, line(quantity=-7)),
        )
        taken = {deed.purchase: dict(deed.units) for deed in story.deeds if isinstance(deed, Return)}
        assert taken == {"3/1": {GOOD: 5}, "1/1": {GOOD: 2}}
        assert story.refusals == []

    @pytest.mark.parametrize(
        ("bought", "back", "reason", "units"),
        [
            (line("99999"), line(quantity=-2), "never_bought", 2),
            (line(price="1.50"), line(quantity=-2), "bought_at_another_price", 2),
            (line(quantity=3), line(quantity=-5), "more_than_bought", 2),
        ],
    )
    def test_units_without_a_purchase_are_refused(self, bought, back, reason, units):
        story = story_of(invoice("1", MORNING, bought), cancelled("C2", NEXT_DAY, back))
        assert refused(story) == [("C2:1", reason, units)]
        assert story.refusals[0].amount == Decimal("-1.85") * units

    def test_nothing_comes_back_twice_and_nothing_of_somebody_else(self):
        story = story_of(
            invoice("1", MORNING, line()),
            cancelled("C2", NEXT_DAY, line(quantity=-6)),
            cancelled("C3", NEXT_DAY, line(quantity=-6)),
            cancelled("C4", NEXT_DAY, line(quantity=-6), customer_id="12346"),
        )
        assert refused(story) == [("C3:1", "more_than_bought", 6), ("C4:1", "never_bought", 6)]

    def test_lines_of_one_cancellation_go_back_together(self):
        story = story_of(
            invoice("1", MORNING, line(), line("84879")),
            cancelled("C2", NEXT_DAY, line(quantity=-1), line("84879", -2)),
        )
        [back] = [deed for deed in story.deeds if isinstance(deed, Return)]
        assert back.units == {GOOD: 1, (SHOP, "84879"): 2}
