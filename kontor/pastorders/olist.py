"""Olist's marketplace orders (Brazil, 2016 to 2018): one order a line, with items of several sellers.

A status becomes what Kontor calls it: ``delivered`` and ``shipped`` leave and arrive when they did, ``canceled`` and
``unavailable`` are called off, by the buyer or the seller, everything else stays paid. An order without items names
nothing that could be bought.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from kontor.pastorders.amounts import instant_of, minor_units
from kontor.pastorders.story import (
    Cancellation,
    Delivery,
    Dispatch,
    Purchase,
    Refund,
    Return,
    Sold,
    Story,
    require,
)

NONE = Decimal(0)
CALLED_OFF_AFTER_MS = 60_000
"""When an order was called off is not told: a minute after the last thing that is."""
_FIELDS = ("order_id", "status", "purchased_at", "customer", "items", "payments")


def read(records: Iterable[tuple[int, Mapping[str, Any]]]) -> Story:
    """From numbered lines. Raises NotThisData."""
    story = Story("olist", "BRL", "BR")
    for line, record in records:
        require(line, record, *_FIELDS)
        _take(story, record)
    story.shops = list(dict.fromkeys(shop for deed in story.deeds if isinstance(deed, Purchase) for shop in deed.shops))
    story.in_order()
    return story


def _take(story: Story, order: Mapping[str, Any]) -> None:
    items, key = order["items"], order["order_id"]
    if not items:
        story.rows += 1
        said = sum((Decimal(one["value"]) for one in order["payments"]), NONE)
        story.refuse(key, "no_items", f"{order['status']}, paid {said}, and no item is named", NONE)
        return
    story.rows += len(items)
    story.stated += sum((Decimal(one["price"]) + Decimal(one["freight"]) for one in items), NONE)
    _note_payments(story, order)
    for one in items:
        story.goods.setdefault(one["product_id"], f"Olist product {one['product_id'][:8]}")
    for purchase in _purchases(story, order):
        story.deeds.append(purchase)
        _continue(story, order, purchase)


def _note_payments(story: Story, order: Mapping[str, Any]) -> None:
    due = sum((Decimal(one["price"]) + Decimal(one["freight"]) for one in order["items"]), NONE)
    paid = sum((Decimal(one["value"]) for one in order["payments"]), NONE)
    if due != paid:
        story.note(order["order_id"], "payments_differ", f"{paid} was paid for items and freight of {due}")


def _purchases(story: Story, order: Mapping[str, Any]) -> list[Purchase]:
    """One, unless its sellers ask for different freight: a tariff is the same for every parcel of an order, so then
    each seller's part is bought by itself."""
    by_seller: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in order["items"]:
        by_seller[one["seller_id"]].append(one)
    freights = {shop: _freight(some) for shop, some in by_seller.items()}
    if len(set(freights.values())) == 1:
        return [_purchase(story, order, order["order_id"], order["items"], next(iter(freights.values())))]
    story.note(order["order_id"], "bought_by_seller", f"{len(by_seller)} sellers ask for different freight")
    return [
        _purchase(story, order, f"{order['order_id']}/{number}", some, freights[shop])
        for number, (shop, some) in enumerate(by_seller.items(), 1)
    ]


def _purchase(
    story: Story, order: Mapping[str, Any], key: str, items: Iterable[Mapping[str, Any]], freight: int
) -> Purchase:
    units: dict[tuple[str, str], int] = defaultdict(int)
    prices: dict[tuple[str, str], int] = {}
    for one in items:
        good = one["seller_id"], one["product_id"]
        units[good] += 1
        prices[good] = _cents(Decimal(one["price"]))
    lines = tuple(Sold(good, quantity, prices[good]) for good, quantity in units.items())
    customer = order["customer"]
    address = f"{customer['unique_id']} {customer['zip_prefix']}"
    story.addresses.setdefault(address, _address(customer))
    return Purchase(instant_of(order["purchased_at"]), key, customer["unique_id"], address, lines, freight)


def _freight(items: Iterable[Mapping[str, Any]]) -> int:
    return _cents(sum((Decimal(one["freight"]) for one in items), NONE))


def _cents(amount: Decimal) -> int:
    cents = minor_units(amount)
    assert cents is not None, amount  # the data states all of its money with two decimals
    return cents


def _address(customer: Mapping[str, Any]) -> dict[str, str]:
    """The data knows the first five digits of the postal code and neither name nor street."""
    return {
        "name": f"Customer {customer['unique_id'][:8]}",
        "line1": "Rua 1",
        "city": customer["city"],
        "region": customer["state"],
        "postalCode": f"{customer['zip_prefix']}-000",
        "country": "BR",
    }


# what came of it


def _continue(story: Story, order: Mapping[str, Any], purchase: Purchase) -> None:
    left, arrived = _times(story, order, purchase)
    for shop in purchase.shops:
        if left is not None:
            story.deeds.append(Dispatch(left, purchase.key, shop))
        if arrived is not None:
            story.deeds.append(Delivery(arrived, purchase.key, shop))
    if order["status"] in ("canceled", "unavailable"):
        _call_off(story, order, purchase, left, arrived)


def _times(story: Story, order: Mapping[str, Any], purchase: Purchase) -> tuple[int | None, int | None]:
    """When it left and arrived, in an order that can be."""
    key, left, arrived = purchase.key, _at(order, "carrier_at"), _at(order, "delivered_at")
    if order["status"] == "delivered" and arrived is None:
        arrived = max(_at(order, "estimated_delivery") or 0, left or purchase.at)
        story.note(key, "delivered_without_a_date", "taken for delivered on the day that was estimated")
    if arrived is not None and left is None:
        left = arrived
        story.note(key, "delivered_without_a_carrier", "taken for handed over when it arrived")
    if left is not None and left < purchase.at:
        left = purchase.at
        story.note(key, "left_before_it_was_bought", "taken for handed over when it was bought")
    if arrived is not None and left is not None and arrived < left:
        arrived = left
        story.note(key, "arrived_before_it_left", "taken for delivered when it was handed over")
    return left, arrived


def _at(order: Mapping[str, Any], name: str) -> int | None:
    return instant_of(order[name]) if order.get(name) else None


def _call_off(
    story: Story, order: Mapping[str, Any], purchase: Purchase, left: int | None, arrived: int | None
) -> None:
    key, before = purchase.key, [purchase.at, left or 0, arrived or 0, _at(order, "approved_at") or 0]
    at = max(before) + CALLED_OFF_AFTER_MS
    if left is None:
        story.deeds.append(Cancellation(at, key, key, {}, by_seller=order["status"] == "unavailable"))
    elif arrived is None:
        story.note(key, "called_off_on_its_way", "all of the money goes back, the goods do not")
        story.deeds.append(Refund(at, key))
    else:
        story.note(key, "called_off_after_delivery", "all of it is sent back and paid back")
        for shop in purchase.shops:
            units = {line.good: line.quantity for line in purchase.lines if line.good[0] == shop}
            story.deeds.append(Return(at, f"{key} {shop}", key, units, with_freight=purchase.freight > 0))
    story.not_in_rows += sum(line.quantity * line.price for line in purchase.lines)
    story.not_in_rows += purchase.freight * len(purchase.shops)
