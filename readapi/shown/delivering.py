"""What it costs to have an offer delivered, and how long it takes, for who has no cart yet.

By the rule of the quote, for a parcel of this offer alone: what else is ordered of the same shop comes with it, and
promotions may take something off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from domain.ids import offer_id
from domain.money import Money
from domain.pricing.shipping import ShippingTable, serves
from streams.indexing.assembly import OnSale, Seller


def deliveries(
    one: OnSale, countries: Mapping[str, str], table: ShippingTable, country: str, quantity: int
) -> list[dict[str, Any]]:
    """Of each offer whose shop is known, in the order of the product's page. ``countries`` are those of shops, by id;
    an empty ``country`` is each shop's own."""
    return [
        _delivery(seller, countries[seller.shop_id], table, country or countries[seller.shop_id], quantity)
        for seller in one.offers
        if seller.shop_id in countries
    ]


def _delivery(seller: Seller, ships_from: str, table: ShippingTable, country: str, quantity: int) -> dict[str, Any]:
    goes = serves(seller.offer.terms.ships_to, country)
    methods = list(_methods(seller.price, table, table.zone(ships_from, country), quantity)) if goes else []
    return {
        "offerId": offer_id(seller.shop_id, seller.sku),
        "shopId": seller.shop_id,
        "sku": seller.sku,
        "shipsFrom": ships_from,
        "shipTo": country,
        "methods": methods,
    }


def _methods(price: Money, table: ShippingTable, zone: str, quantity: int) -> Iterator[dict[str, Any]]:
    goods, extra = price.amount * quantity, table.extra_days.get(zone, 0)
    for method in table.methods:
        yield {
            "id": method.id,
            "name": method.name,
            "amount": Money(table.amount(price.currency, method.id, zone, quantity, goods), price.currency),
            "daysMin": method.days_min + extra,
            "daysMax": method.days_max + extra,
        }
