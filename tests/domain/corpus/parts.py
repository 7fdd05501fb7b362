"""What the examples are made of."""

from __future__ import annotations

import msgspec

from domain.buyers import account, cart
from domain.catalog import product
from domain.catalog.attributes import AttributeSchema, Property
from domain.catalog.language import Text
from domain.catalog.units import Measure
from domain.money import Money
from domain.pricing import promotion
from domain.pricing.discounts import Shopper
from domain.pricing.pricing import Destination, QuoteLine, price_quote
from domain.sellers.feedterms import FeedTerms, RunCounts, SourceMark
from kontor.tables import shipping_table, tax_table

AT = 1_763_000_000_000
PEN, INK = "stk_shp_01K.PEN-1", "stk_shp_02K.INK-1"
ORDER, PAYMENT, ACCOUNT = "ord_01K", "pay_01K", "usr_01K"
PRICE = Money(1999, "USD")
LINE = cart.CartLine("lin_01K", "shp_01K", "PEN-1", "prd_01K", "Füller “Safari”", 2, PRICE)
ADDRESS = account.Address("adr_01K", b"\x00sealed\xff", "US", "CA")
QUOTE = price_quote(
    [
        QuoteLine("lin_01K", "shp_01K", "US", "PEN-1", "prd_01K", "Füller “Safari”", 2, PRICE),
        QuoteLine("lin_02K", "shp_02K", "DE", "INK-1", "prd_02K", "Ink", 1, Money(850, "USD"), ("DE",)),
    ],
    Destination("US", "CA", "94105"),
    "standard",
    tax_table(),
    shipping_table(),
    {"prm_01K": promotion.Terms("Spring", promotion.Amount(Money(500, "USD")), code="SPRING", limit=100)},
    Shopper(AT, frozenset(["SPRING"])),
)
FEED = FeedTerms(
    "offers",
    "https://feeds.example/prices.csv",
    "csv",
    {"sku": "Artikel", "price": "Preis"},
    ";",
    "windows-1252",
    every=60,
    daily_at=-1,
    complete=True,
)
COUNTS = RunCounts(100, 10, 80, 10, 3)
MARK = SourceMark('"v7"', "Thu, 26 Nov 2026 16:00:00 GMT", "9f86d081")
TERMS = promotion.Terms(
    name="Spring",
    benefit=promotion.Percent(100_000),
    scope=promotion.Scope("shp_01K", (("Office", "Pens"),), ("PEN-1",)),
    code="SPRING",
    min_spend=Money(5000, "USD"),
    min_units=2,
    countries=("US", "CA"),
    group="teachers",
    starts_at=AT,
    ends_at=AT + 86_400_000,
    priority=10,
    exclusive=True,
    limit=100,
    limit_per_account=1,
)
DESCRIPTION = product.Description(
    title="Füller “Safari”",
    description="Writes.",
    brand="Lamy",
    category=("Office", "Pens"),
    attributes={"nib": "M", "grams": 17, "length": 13.9, "refillable": True},
    media=("https://img.example/pen.jpg",),
)

MEASURED = msgspec.structs.replace(
    DESCRIPTION, attributes={"length": Measure(13.97, "cm", "5.5 in"), "nibs": ("F", "M"), "weight": Measure(17.0, "g")}
)
TOLD = product.Description(
    "Füller",
    "Aus Stahl.",
    language="de",
    texts={"en": Text("Fountain pen", "Of steel.", {"nibs": "Nibs"}), "pt-BR": Text("Caneta")},
)
SCHEMA = AttributeSchema(
    properties={
        "nib": Property("string", "Nib", "Of steel.", {"de": "Feder"}, enum=("F", "M"), min_length=1, max_length=9),
        "length": Property("number", unit="cm", minimum=1, maximum=30.5),
        "grams": Property("integer", exclusive_minimum=0, exclusive_maximum=1000),
        "inks": Property("array", items=Property("string"), min_items=1, max_items=5, unique_items=True),
        "refillable": Property("boolean"),
    },
    required=("nib",),
    additional_properties=False,
)
