"""Quotes to post, and what comes to each account."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import strategies as st

from domain.books.ledger import Posting
from domain.books.postings import NOTHING, Holding, held, postings_of_capture
from domain.money import PPM, Money
from domain.orders.refund import RefundGranted, amount_of, lines_of, shipping_left
from domain.pricing.discounts import Shopper
from domain.pricing.pricing import Destination, Quote, QuoteLine, price_quote
from domain.pricing.promotion import Terms
from kontor.tables import shipping_table, tax_table
from tests.domain.pricing.promotions import TERMS

OREGON = Destination("US", "OR")
CALIFORNIA = Destination("US", "CA", "94105")
BERLIN = Destination("DE", None, "10115")
TORONTO = Destination("CA", "ON", "M5V 2T6")
SHOPS = ("shp_1", "shp_2", "shp_3")


def line(number: int, shop: str, amount: int, quantity: int, currency: str = "USD") -> QuoteLine:
    sku = f"SKU-{number}"
    return QuoteLine(f"lin_{number}", shop, "US", sku, f"prd_{number}", sku, quantity, Money(amount, currency))


def quote(lines: list[QuoteLine], *promotions: Terms, to: Destination = OREGON) -> Quote:
    named = {f"prm_{i}": terms for i, terms in enumerate(promotions)}
    return price_quote(lines, to, "standard", tax_table(), shipping_table(), named, Shopper())


def balances(*postings: Posting) -> dict[str, int]:
    found: Counter[str] = Counter()
    for posting in postings:
        found[posting.account] += posting.amount
    return {account: amount for account, amount in found.items() if amount}


def taken(made: Quote | None, amount: int, rate_ppm: int = 0, was: Holding = NOTHING) -> tuple[Posting, ...]:
    now = held(made, was.paid + was.beyond + amount)
    return postings_of_capture(was, now, amount, rate_ppm)


def captured(made: Quote, rate_ppm: int = 0) -> dict[str, int]:
    return balances(*taken(made, made.totals.grand.amount, rate_ppm))


def whole(made: Quote) -> Holding:
    return held(made, made.totals.grand.amount)


def granted(made: Quote, shipping: bool = False, before: tuple[RefundGranted, ...] = (), **units: int) -> RefundGranted:
    lines = lines_of(made, before, units)
    parcels = shipping_left(made, before) if shipping else {}
    currency = made.totals.grand.currency
    return RefundGranted(f"ref_{len(before)}", amount_of(lines, parcels, currency), "", 1, lines, parcels)


@st.composite
def orders(draw: Any) -> tuple[Quote, int]:
    """A quote with promotions, to places with tax of every sort, and a commission."""
    to, currency = draw(st.sampled_from([(OREGON, "USD"), (CALIFORNIA, "USD"), (BERLIN, "EUR"), (TORONTO, "CAD")]))
    goods = st.tuples(st.sampled_from(SHOPS), st.integers(0, 5000), st.integers(1, 5))
    lines = [line(i, *one, currency) for i, one in enumerate(draw(st.lists(goods, min_size=1, max_size=5)))]
    promotions = draw(st.lists(TERMS, max_size=3))
    return quote(lines, *promotions, to=to), draw(st.sampled_from([0, 50_000, 123_456, PPM]))
