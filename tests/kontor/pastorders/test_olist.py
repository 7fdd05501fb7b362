"""What is made of an Olist order, dirty ones included."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kontor.pastorders.olist import read
from kontor.pastorders.story import (
    Cancellation,
    Delivery,
    Dispatch,
    NotThisData,
    Purchase,
    Refund,
    Return,
    Story,
)
from tests.kontor.pastorders.records import item, olist_order


def story_of(*orders) -> Story:
    return read(enumerate(orders, 1))


def kinds(story: Story) -> list[type]:
    return [type(deed) for deed in story.deeds]


def test_a_delivered_order_is_bought_sent_and_delivered_when_it_was():
    story = story_of(olist_order())
    assert kinds(story) == [Purchase, Dispatch, Delivery]
    bought, sent, arrived = story.deeds
    assert (sent.at - bought.at, arrived.at - bought.at) == (86_400_000, 7 * 86_400_000)
    assert bought.freight == 550
    assert [(one.good, one.quantity, one.price) for one in bought.lines] == [(("s1", "p1"), 1, 2000)]
    assert not story.notes
    assert not story.refusals


def test_items_of_one_product_are_one_line_and_their_freight_one_parcels():
    [bought, *_] = story_of(olist_order(items=[item(), item()])).deeds
    assert [(one.quantity, bought.freight) for one in bought.lines] == [(2, 1100)]


def test_an_order_without_items_is_refused():
    story = story_of(olist_order("unavailable", items=[]))
    assert story.deeds == []
    assert [(one.row, one.reason) for one in story.refusals] == [("o1", "no_items")]


def test_sellers_who_ask_for_the_same_freight_share_an_order_and_others_do_not():
    same = story_of(olist_order(items=[item(), item("p2", "s2")]))
    assert [deed.shops for deed in same.deeds if isinstance(deed, Purchase)] == [("s1", "s2")]
    other = story_of(olist_order(items=[item(), item("p2", "s2", freight="5.51")]))
    assert [(deed.key, deed.freight) for deed in other.deeds if isinstance(deed, Purchase)] == [
        ("o1/1", 550),
        ("o1/2", 551),
    ]
    assert "bought_by_seller" in other.noted()


@pytest.mark.parametrize(("status", "by_seller"), [("canceled", False), ("unavailable", True)])
def test_what_had_not_left_is_called_off_whole(status, by_seller):
    story = story_of(olist_order(status, carrier_at=None, delivered_at=None))
    assert kinds(story) == [Purchase, Cancellation]
    assert (story.deeds[1].units, story.deeds[1].by_seller) == ({}, by_seller)
    assert story.deeds[1].at > story.deeds[0].at
    assert story.not_in_rows == 2550


def test_what_was_called_off_on_its_way_is_refunded_and_what_had_arrived_is_sent_back():
    assert kinds(story_of(olist_order("canceled", delivered_at=None))) == [Purchase, Dispatch, Refund]
    story = story_of(olist_order("canceled"))
    assert kinds(story) == [Purchase, Dispatch, Delivery, Return]
    assert story.deeds[-1].with_freight


@pytest.mark.parametrize(
    ("changes", "note"),
    [
        ({"delivered_at": None}, "delivered_without_a_date"),
        ({"carrier_at": None}, "delivered_without_a_carrier"),
        ({"carrier_at": "2017-02-01T10:00:00"}, "left_before_it_was_bought"),
        ({"delivered_at": "2017-03-02T09:00:00"}, "arrived_before_it_left"),
        ({"payments": []}, "payments_differ"),
    ],
)
def test_odd_times_and_payments_are_noted_and_nothing_arrives_before_it_left(changes, note):
    story = story_of(olist_order(**changes))
    assert kinds(story) == [Purchase, Dispatch, Delivery]
    assert note in story.noted()
    bought, sent, arrived = (deed.at for deed in story.deeds)
    assert bought <= sent <= arrived


def test_statuses_before_the_parcel_stay_paid():
    for status in ("created", "approved", "invoiced", "processing"):
        assert kinds(story_of(olist_order(status, carrier_at=None, delivered_at=None))) == [Purchase]


def test_what_all_rows_state():
    story = story_of(olist_order(), olist_order(order_id="o2", items=[item(price="0.99", freight="0.00")]))
    assert (story.rows, story.stated) == (2, Decimal("26.49"))


def test_what_is_no_such_order_is_named():
    with pytest.raises(NotThisData, match="line 1 has no order_id, status"):
        story_of({"invoice": "536365"})
