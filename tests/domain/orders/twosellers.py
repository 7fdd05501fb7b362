"""An order from two sellers, paid: three pens and one bottle of ink, what they cost and what was granted of it."""

from __future__ import annotations

from domain.orders import order
from domain.orders.aftersale import GrantRefund
from domain.orders.order import ORDER, OrderPlaced
from domain.orders.refund import RefundGranted
from domain.pricing.pricing import Destination, PricedLine, Quote, QuoteLine, Totals, price_quote
from domain.pricing.promotion import FreeShipping, Percent, Scope, Terms
from kontor.tables import shipping_table, tax_table
from tests.domain.machines.goods import place_order
from tests.spec import Given, given, usd

ID = "ord_1"
EVERYTHING = GrantRefund(ID, "rfd_9", "goodwill", 9)


def quoted(country: str = "US", region: str | None = "CA", free: str = "") -> Quote:
    """Two sellers, tax, shipping, and a tenth off the first seller's goods; one of them may carry for nothing."""
    lines = [
        QuoteLine("lin_1", "shp_a", "US", "PEN", "prd_1", "Pen", 3, usd(1999)),
        QuoteLine("lin_2", "shp_b", "DE", "INK", "prd_2", "Ink", 1, usd(850)),
    ]
    sale = {"prm_1": Terms("Sale", Percent(100_000), scope=Scope(shop_id="shp_a"))}
    if free:
        sale["prm_2"] = Terms("Carried", FreeShipping(), scope=Scope(shop_id=free))
    return price_quote(lines, Destination(country, region), "standard", tax_table(), shipping_table(), sale)


QUOTE = quoted()
GRAND = QUOTE.totals.grand
FIRST, SECOND = QUOTE.lines


def placed(quote: Quote = QUOTE) -> OrderPlaced:
    command = place_order(ID, quote)
    return OrderPlaced(*(getattr(command, field) for field in OrderPlaced.__struct_fields__))


def a_paid_order(*since: object, quote: Quote = QUOTE) -> Given:
    return given(ORDER, placed(quote), order.OrderConfirmed(), order.OrderPaid("pay_1"), *since)  # type: ignore[arg-type]


def refunded(amount: int, refund_id: str = "rfd_1") -> RefundGranted:
    return RefundGranted(refund_id, usd(amount), "goodwill", 8)


def one_line(quantity: int, total: int, tax: int) -> Quote:
    nothing = usd(0)
    line = PricedLine("lin_1", "shp_a", "PEN", "prd_1", "Pen", quantity, usd(1), usd(tax), usd(total), nothing)
    return Quote((line,), Totals(nothing, nothing, nothing, usd(tax), usd(total)), (), "standard", ())
