"""UCI's Online Retail (a British gift wholesaler, 2010 to 2011): one invoice a line, sales and what was taken back.

An invoice of more than a cart holds is bought in several purchases, and so is a SKU that it names at two prices.
Everything is sent and delivered in the night after it was bought, for the data tells nothing of parcels. A cancellation
does not name what it cancels: it is matched to the customer's own purchases of the same SKU at the same price, the
newest first, and is a cancellation by line until the parcel is packed, a return afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from domain.buyers.cart import LINES_MAX, QUANTITY_MAX
from kontor.pastorders.amounts import DAY_MS, HOUR_MS, instant_of, minor_units
from kontor.pastorders.places import address_in
from kontor.pastorders.story import Delivery, Dispatch, Purchase, Sold, Story, WriteOff, require
from kontor.pastorders.takingback import TakingBack

SHOP = "online-retail"
_FIELDS = ("invoice", "timestamp", "kind", "customer_id", "country", "lines")


class Row(NamedTuple):
    """A line of an invoice that can become a deed. ``quantity`` is positive."""

    key: str
    sku: str
    quantity: int
    price: int


def read(records: Iterable[tuple[int, Mapping[str, Any]]]) -> Story:
    """From numbered lines, the oldest first. Raises NotThisData."""
    story = Story("online_retail", "GBP", "GB", shops=[SHOP])
    taking_back = TakingBack(story)
    for line, invoice in records:
        require(line, invoice, *_FIELDS)
        for one in invoice["lines"]:
            require(line, one, "sku", "description", "quantity", "unit_price")
        _take(story, taking_back, invoice)
    for bought in taking_back.purchases():
        if bought.left:
            story.deeds.append(Dispatch(bought.packed_at, bought.purchase, SHOP))
            story.deeds.append(Delivery(bought.delivered_at, bought.purchase, SHOP))
    story.in_order()
    return story


def _take(story: Story, taking_back: TakingBack, invoice: Mapping[str, Any]) -> None:
    kind, at, key = invoice["kind"], instant_of(invoice["timestamp"]), invoice["invoice"]
    if kind == "writeoff":
        for row in _rows(story, invoice, priced=False):
            story.deeds.append(WriteOff(at, row.key, (SHOP, row.sku), row.quantity))
        return
    rows = list(_rows(story, invoice, priced=True))
    if kind == "cancellation":
        for row in rows:
            taking_back.take(at, key, row.key, invoice["customer_id"], (SHOP, row.sku), row.quantity, row.price)
        taking_back.close()
        return
    for number, lines in enumerate(_baskets(rows), 1):
        purchase = _purchase(story, invoice, f"{key}/{number}", at, lines)
        story.deeds.append(purchase)
        packed_at = (at // DAY_MS + 1) * DAY_MS
        taking_back.bought(purchase, packed_at, packed_at + HOUR_MS)


def _purchase(story: Story, invoice: Mapping[str, Any], key: str, at: int, lines: list[Row]) -> Purchase:
    buyer = invoice["customer_id"]
    address = f"{buyer} {invoice['country']}"
    if address not in story.addresses:
        found = address_in(invoice["country"], f"Customer {buyer}")
        assert found is not None, invoice["country"]  # else its rows were refused
        story.addresses[address] = found
    return Purchase(at, key, buyer, address, tuple(Sold((SHOP, row.sku), row.quantity, row.price) for row in lines), 0)


def _baskets(rows: Iterable[Row]) -> list[list[Row]]:
    """The rows in as many carts as they need: each holds a SKU once, at one price, and both of the cart's limits."""
    together: dict[tuple[str, int], int] = {}
    for row in rows:
        together[row.sku, row.price] = together.get((row.sku, row.price), 0) + row.quantity
    baskets: list[dict[str, Row]] = []
    for (sku, price), quantity in together.items():
        while quantity:
            some = min(quantity, QUANTITY_MAX)
            quantity -= some
            _first_with_room(baskets, sku)[sku] = Row("", sku, some, price)
    return [list(basket.values()) for basket in baskets]


def _first_with_room(baskets: list[dict[str, Row]], sku: str) -> dict[str, Row]:
    for basket in baskets:
        if sku not in basket and len(basket) < LINES_MAX:
            return basket
    baskets.append({})
    return baskets[-1]


# what can be told of a row, and what cannot


def _rows(story: Story, invoice: Mapping[str, Any], *, priced: bool) -> Iterable[Row]:
    """Those that can become a deed; the others are refused, each for one reason."""
    sign = -1 if invoice["kind"] in ("cancellation", "writeoff") else 1
    for number, line in enumerate(invoice["lines"], 1):
        key, price, quantity = f"{invoice['invoice']}:{number}", Decimal(line["unit_price"]), sign * line["quantity"]
        stated = price * line["quantity"]
        story.rows += 1
        story.stated += stated
        why = _why_not(invoice, line, price, quantity) if priced else _why_not_a_good(line, quantity)
        if why is not None:
            story.refuse(key, *why, stated, abs(quantity))
            continue
        sku = line["sku"].upper()  # 112 of them come in two letter cases
        story.goods.setdefault(sku, (line["description"] or sku).strip() or sku)
        yield Row(key, sku, quantity, minor_units(price) or 0)


def _why_not(
    invoice: Mapping[str, Any], line: Mapping[str, Any], price: Decimal, quantity: int
) -> tuple[str, str] | None:
    """A reason and what it is about."""
    if invoice["kind"] not in ("sale", "cancellation"):
        return "adjustment", f"{line['description']}: no goods change hands"
    if (why := _why_not_a_good(line, quantity)) is not None:
        return why
    if price <= 0:
        return "no_price", f"at {line['unit_price']} nothing is sold"
    if minor_units(price) is None:
        return "between_two_pence", f"{line['unit_price']} is no whole number of pence"
    if not invoice["customer_id"]:
        return "no_customer", "nobody is named who could have an account"
    if invoice["kind"] == "sale" and address_in(invoice["country"], "") is None:
        return "no_country", f"{invoice['country']} is not a country that goods can be sent to"
    return None


def _why_not_a_good(line: Mapping[str, Any], quantity: int) -> tuple[str, str] | None:
    if line.get("special"):
        return "not_goods", f"{line['sku']}: {line['description']}"
    if quantity <= 0:
        return "wrong_direction", f"{line['quantity']} units on an invoice of the other kind"
    return None
