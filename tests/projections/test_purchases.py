"""Rows of who bought what: written when an order is placed, paid when it is, without a basket when it is called off."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from domain.orders.order import OrderCancelled, OrderPaid, OrderPlaced
from kontor.bench.orders import account, lives
from projections.folding import fold_events
from projections.purchases.projector import (
    BASKET_MAX,
    BASKET_ROWS,
    BOUGHT_ROWS,
    PURCHASES,
    bought_parts,
    buyer_of,
    paid,
    products_of,
    week_of,
)
from projections.sqlite import SQLiteViews
from tests.projections.aftersale import after_the_sale


async def test_lists_of_a_product_of_a_buyer_and_of_a_week(tmp_path: Path) -> None:
    events = list(lives(4))
    views = SQLiteViews(tmp_path / "views.db", [PURCHASES])
    views.apply(["purchases"], events)
    for placed in (event for event in events if type(event.event) is OrderPlaced):
        basket = await views.get("baskets", placed.stream)
        assert (basket.account_id, basket.products) == (placed.event.account_id, products_of(placed.event))
        for product_id in basket.products:
            for index, owner in (
                ("product", product_id),
                ("buyer", buyer_of(placed.event.account_id, product_id)),
                ("week", week_of(placed.event.at)),
            ):
                listed = await views.listed("bought", index, owner, limit=1_000)
                assert f"{product_id}.{placed.stream}" in [entry.key for entry in listed], index
    first, second = events[0].stream, events[1].stream
    assert (await views.get("baskets", first)).paid
    views.apply(["purchases"], after_the_sale(events))
    assert (await views.get("baskets", first)).paid, "what was sent back was bought all the same"
    assert await views.get("baskets", second) is None, "called off"
    assert await views.count("baskets", "account", account(1)) == 0
    views.close()


def test_an_order_costs_a_bounded_number_of_rows() -> None:
    placed = next(event for event in lives(1) if type(event.event) is OrderPlaced)
    quote = placed.event.quote
    lines = tuple(replace(quote.lines[0], product_id=f"prd_{number % 90}") for number in range(180))
    many = replace(placed, event=replace(placed.event, quote=replace(quote, lines=lines)))
    assert len(bought_parts(many)) == len(fold_events(BOUGHT_ROWS, [many], lambda key: None, {}).changed) == BASKET_MAX
    assert products_of(many.event)[:2] == ("prd_0", "prd_1"), "each once, in the order of the lines"


def test_what_is_paid_after_it_was_called_off_has_no_basket() -> None:
    placed = next(event for event in lives(1) if type(event.event) is OrderPlaced)
    later = [
        replace(placed, position=placed.position + 1, event=OrderCancelled("cancelled")),
        replace(placed, position=placed.position + 2, event=OrderPaid("pay_1")),
    ]
    folded = fold_events(BASKET_ROWS, [placed, *later], lambda key: None, {})
    assert (folded.changed[placed.stream].row, folded.parked) == (None, [])
    assert paid(None, later[1]) is None
