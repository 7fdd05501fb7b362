"""From cart lines and a destination to what the buyer pays, with the derivation of every amount.

Every amount is the outcome of a step of ``derivation.py``, so a stored quote can be proved to the cent
(``verify_quote``) whatever today's tax and shipping tables say.

Where a destination's prices include tax, ``totals.tax`` is contained in the other totals; elsewhere it is added to
them. Either way a line's ``total`` is what the buyer pays for it, and ``grand`` is what the card is charged.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from domain.errors import Invalid, LimitExceeded
from domain.money import Money
from domain.pricing.derivation import Derivation, Inputs, Step, recompute
from domain.pricing.discounts import AppliedPromotion, Promotions, Shopper, choose, derive
from domain.pricing.serviceability import RESTRICTED, Undeliverable, not_shipped
from domain.pricing.shipping import EVERYWHERE, ShippingTable
from domain.pricing.tax import TaxRate, TaxTable

LINES_MAX = 200
QUANTITY_MAX = 1_000_000


class Destination(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Where it goes; all of an address that prices depend on. ``country`` is an ISO 3166 alpha-2 code."""

    country: str
    region: str | None = None
    postal_code: str | None = None


class QuoteLine(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    line_id: str
    shop_id: str
    shop_country: str
    sku: str
    product_id: str
    title: str
    quantity: int
    unit_price: Money
    ships_to: tuple[str, ...] = (EVERYWHERE,)
    category: tuple[str, ...] = ()
    price_of: str = ""
    """Why the unit costs what it does, where it is not the seller's usual price."""
    forbidden: str = ""
    """Why it may not be sold at the destination, as a sentence."""


class PricedLine(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """``total`` is what the buyer pays for the line: quantity times price, less ``discount``, with tax."""

    line_id: str
    shop_id: str
    sku: str
    product_id: str
    title: str
    quantity: int
    unit_price: Money
    tax: Money
    total: Money
    discount: Money


class Totals(msgspec.Struct, frozen=True, gc=False):
    """``grand = items - discount + shipping``, plus ``tax`` unless the quote is ``tax_inclusive``.

    ``shipping`` is the full rate; a promotion that pays it is part of ``discount``.
    """

    items: Money
    discount: Money
    shipping: Money
    tax: Money
    grand: Money


class ShippingOption(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """A way to ship the whole order; ``amount`` is for all sellers' parcels, days are those of the slowest."""

    id: str
    name: str
    amount: Money
    days_min: int
    days_max: int


class Quote(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    lines: tuple[PricedLine, ...]
    totals: Totals
    methods: tuple[ShippingOption, ...]
    method: str
    derivation: tuple[Step, ...]
    unserviceable: tuple[str, ...] = ()
    """Lines that cannot go there. They are priced as if they could; an order of such a quote comes to nothing."""
    tax_inclusive: bool = False
    promotions: tuple[AppliedPromotion, ...] = ()


NO_PROMOTIONS: Promotions = {}
ANYBODY = Shopper()


# calculation


def price_quote(
    lines: Sequence[QuoteLine],
    destination: Destination,
    shipping_method: str,
    tax: TaxTable,
    shipping: ShippingTable,
    promotions: Promotions = NO_PROMOTIONS,
    shopper: Shopper = ANYBODY,
) -> Quote:
    """What ``lines`` cost at ``destination``, less the best of ``promotions`` that the shopper gets.

    ``Invalid`` when there are no lines or too many, when they mix currencies, or for an unknown method or country.
    """
    currency = _checked(lines, destination, shipping)
    shipping.method(shipping_method)
    rate = tax.lookup(destination.country, destination.region, destination.postal_code)
    made = Derivation(currency)
    _derive_items(made, lines)
    parcels = _parcels(lines)
    _derive_shipping(made, parcels, destination, shipping_method, shipping)
    applied: tuple[AppliedPromotion, ...] = ()
    if promotions:
        rates = {shop_id: made.amounts[f"shipping/{shop_id}"] for shop_id in parcels}
        plans = choose(lines, rates, destination.country, currency, promotions, shopper)
        applied = derive(made, plans, lines)
    for i in range(len(lines)):
        _derive_line(made, i, rate)
    return Quote(
        lines=tuple(_priced(made, i, line) for i, line in enumerate(lines)),
        totals=_derive_totals(made, len(lines), rate),
        methods=_options(made, parcels, destination, shipping),
        method=shipping_method,
        derivation=tuple(made.steps),
        unserviceable=tuple([one.line_id for one in undeliverable(lines, destination)]),
        tax_inclusive=rate.inclusive,
        promotions=applied,
    )


def undeliverable(lines: Sequence[QuoteLine], destination: Destination) -> tuple[Undeliverable, ...]:
    """Lines that cannot go there, and why; a quote has their ids."""
    found = []
    for line in lines:
        if line.forbidden:
            found.append(Undeliverable(line.line_id, RESTRICTED, line.forbidden))
        elif why := not_shipped(line.ships_to, destination.country):
            found.append(Undeliverable(line.line_id, why.code, why.sentence))
    return tuple(found)


def _checked(lines: Sequence[QuoteLine], destination: Destination, shipping: ShippingTable) -> str:
    """The currency they all share."""
    if not lines:
        raise Invalid("there is nothing to price", pointer="/cartId")
    if len(lines) > LINES_MAX:
        raise LimitExceeded(f"an order has at most {LINES_MAX} lines", pointer="/cartId", limit=LINES_MAX)
    if destination.country not in shipping.regions:
        raise Invalid(f"{destination.country!r} is not an ISO 3166 country", pointer="/address/country")
    currency = lines[0].unit_price.currency
    for line in lines:
        if line.unit_price.currency != currency:
            raise Invalid("the lines mix currencies; order each currency on its own", pointer="/cartId")
        if line.unit_price.amount < 0 or not 1 <= line.quantity <= QUANTITY_MAX:
            raise Invalid(f"line {line.line_id} has no valid price and quantity", pointer="/cartId")
    return currency


def _derive_items(made: Derivation, lines: Sequence[QuoteLine]) -> None:
    names = tuple(f"lines/{i}/items" for i in range(len(lines)))
    for name, line in zip(names, lines, strict=True):
        inputs: Inputs = {"unit": line.unit_price.amount, "quantity": line.quantity}
        made.step(name, "times", inputs | {"price": line.price_of} if line.price_of else inputs)
    made.step("totals/items", "sum", {"of": names})


def _derive_line(made: Derivation, i: int, rate: TaxRate) -> None:
    base = f"lines/{i}/net" if f"lines/{i}/net" in made.amounts else f"lines/{i}/items"
    _derive_tax(made, f"lines/{i}/tax", base, rate)
    made.step(f"lines/{i}/total", "sum", {"of": (base,) if rate.inclusive else (base, f"lines/{i}/tax")})


def _derive_tax(made: Derivation, what: str, base: str, rate: TaxRate) -> None:
    rule = "tax_contained" if rate.inclusive else "tax_added"
    inputs = {"of": base, "ratePpm": rate.rate_ppm, "name": rate.name, "jurisdiction": rate.jurisdiction}
    made.step(what, rule, inputs)


class _Parcel(msgspec.Struct, gc=False):
    """What one seller sends."""

    shop_country: str
    lines: tuple[str, ...]
    """The steps that priced its goods."""
    items: int
    goods: int


def _parcels(lines: Sequence[QuoteLine]) -> dict[str, _Parcel]:
    """By shop, in the order of their first lines."""
    parcels: dict[str, _Parcel] = {}
    for i, line in enumerate(lines):
        parcel = parcels.get(line.shop_id)
        if parcel is None:
            parcel = parcels[line.shop_id] = _Parcel(line.shop_country, (), 0, 0)
        parcel.lines = (*parcel.lines, f"lines/{i}/items")
        parcel.items += line.quantity
        parcel.goods += line.unit_price.amount * line.quantity
    return parcels


def _derive_shipping(
    made: Derivation,
    parcels: dict[str, _Parcel],
    destination: Destination,
    method: str,
    shipping: ShippingTable,
) -> None:
    names = tuple(f"shipping/{shop_id}" for shop_id in parcels)
    for name, parcel in zip(names, parcels.values(), strict=True):
        zone = shipping.zone(parcel.shop_country, destination.country)
        flat = shipping.rate(made.currency, method, zone)
        why: Inputs = {"method": method, "zone": zone}
        if flat is None:
            made.step(name, "parcel_share", why | {"of": parcel.lines, "ratePpm": shipping.share(method, zone)})
        else:
            made.step(name, "parcel", why | {"base": flat.base, "perItem": flat.per_item, "items": parcel.items})
    made.step("totals/shipping", "sum", {"of": names})


def _derive_totals(made: Derivation, lines: int, rate: TaxRate) -> Totals:
    carriage = "totals/shipping"
    if "shipping/discount" in made.amounts:
        carriage = "shipping/net"
        made.step(carriage, "difference", {"from": "totals/shipping", "less": "shipping/discount"})
    if rate.covers_shipping:
        _derive_tax(made, "shipping/tax", carriage, rate)
    taxes = [f"lines/{i}/tax" for i in range(lines)]
    if rate.covers_shipping:
        taxes.append("shipping/tax")
    made.step("totals/tax", "sum", {"of": tuple(taxes)})
    paid = [f"lines/{i}/total" for i in range(lines)] + [carriage]
    if rate.covers_shipping and not rate.inclusive:
        paid.append("shipping/tax")
    made.step("totals/grand", "sum", {"of": tuple(paid)})
    return Totals(
        items=made.money("totals/items"),
        discount=made.money("totals/discount"),
        shipping=made.money("totals/shipping"),
        tax=made.money("totals/tax"),
        grand=made.money("totals/grand"),
    )


def _priced(made: Derivation, i: int, line: QuoteLine) -> PricedLine:
    return PricedLine(
        line_id=line.line_id,
        shop_id=line.shop_id,
        sku=line.sku,
        product_id=line.product_id,
        title=line.title,
        quantity=line.quantity,
        unit_price=line.unit_price,
        tax=made.money(f"lines/{i}/tax"),
        total=made.money(f"lines/{i}/total"),
        discount=made.money(f"lines/{i}/discount"),
    )


def _options(
    made: Derivation, parcels: dict[str, _Parcel], destination: Destination, shipping: ShippingTable
) -> tuple[ShippingOption, ...]:
    zones = [(shipping.zone(parcel.shop_country, destination.country), parcel) for parcel in parcels.values()]
    extra = max(shipping.extra_days.get(zone, 0) for zone, _ in zones)
    options = []
    for method in shipping.methods:
        amount = sum(shipping.amount(made.currency, method.id, zone, p.items, p.goods) for zone, p in zones)
        days = method.days_min + extra, method.days_max + extra
        options.append(ShippingOption(method.id, method.name, Money(amount, made.currency), *days))
    return tuple(options)


# proof


def verify_quote(quote: Quote) -> tuple[str, ...]:
    """Where the quote's amounts are not what its derivation gives, as sentences; empty when all agree to the cent."""
    again = recompute(quote.derivation)
    nothing = Money(0, quote.totals.grand.currency)
    stated: dict[str, Money] = {}
    for i, line in enumerate(quote.lines):
        stated[f"lines/{i}/items"] = line.unit_price.multiply(line.quantity)
        for name in ("discount", "tax", "total"):
            stated[f"lines/{i}/{name}"] = getattr(line, name)
    for name in Totals.__struct_fields__:
        stated[f"totals/{name}"] = getattr(quote.totals, name)
    claims = [(step.what, step.amount) for step in quote.derivation] + list(stated.items())
    return tuple(
        f"{what} is stated as {amount} and derived as {again.get(what, nothing)}"
        for what, amount in claims
        if amount != again.get(what, nothing)
    )
