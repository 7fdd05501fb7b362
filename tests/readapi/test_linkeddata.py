"""What programs are told on a page, and that nothing people wrote gets out of it."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from domain.money import Money
from readapi.storefront import answers
from readapi.storefront.answers import Offer, Product, Rating, Step
from readapi.storefront.linkeddata import breadcrumbs, item_list, product_data, safe

HOSTILE = "</script><!--<script>&amp;\"'\\\u2028\u2029]]>"
OFFER = Offer(
    shop_name="Nordwald",
    shop_id="shp_1",
    sku="BED",
    price=Money(1_999, "USD"),
    list_price=None,
    price_name=None,
    price_ends_at=None,
    ships_to=["*"],
    limit_per_account=None,
    backorder=False,
    in_stock=True,
    low_stock=False,
    available=12,
    deliverable=True,
)
PRODUCT = Product(
    product_id="prd_1",
    title="Oak bed",
    description="Solid oak.",
    language="en",
    labels={},
    brand="Nordwald",
    category=["Furniture", "Beds"],
    attributes={"gtins": ["4006381333931"]},
    axes=[],
    discontinued=False,
    image=None,
    pictures=[],
    variants=[answers.Variant("BED", {}, Money(1_999, "USD"), True, False)],
    offers=[OFFER],
    rating=Rating(4.25, 12),
)
BASE = "https://shop.example"


def data(product: Product = PRODUCT, base: str | None = BASE) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(safe(product_data(product, product.offers, [], base)))
    return shown


def changed(**fields: Any) -> Product:
    return msgspec.structs.replace(PRODUCT, **fields)


def offered(**fields: Any) -> dict[str, Any]:
    [offer] = data(changed(offers=[msgspec.structs.replace(OFFER, **fields)]))["offers"]
    return dict(offer)


def test_a_product_in_the_words_of_schema_org() -> None:
    shown = data()
    assert (shown["@context"], shown["@type"], shown["name"]) == ("https://schema.org", "Product", "Oak bed")
    assert (shown["url"], shown["gtin"]) == (f"{BASE}/product/prd_1", "4006381333931")
    assert (shown["brand"]["name"], shown["category"]) == ("Nordwald", "Furniture > Beds")
    rating = shown["aggregateRating"]
    assert (rating["@type"], rating["ratingValue"], rating["reviewCount"]) == ("AggregateRating", 4.25, 12)
    [offer] = shown["offers"]
    assert (offer["price"], offer["priceCurrency"], offer["seller"]["name"]) == ("19.99", "USD", "Nordwald")


def test_what_is_not_known_is_not_said() -> None:
    shown = data(changed(rating=None, brand=None, offers=[], description="", attributes={}), None)
    assert not {"aggregateRating", "brand", "offers", "description", "gtin", "url", "image"} & shown.keys()


@pytest.mark.parametrize(
    ("price", "written"),
    [(Money(123_456_789, "EUR"), "1234567.89"), (Money(500, "JPY"), "500"), (Money(1_005, "KWD"), "1.005")],
)
def test_prices_are_decimals_of_their_own_currency(price: Money, written: str) -> None:
    offer = offered(price=price)
    assert (offer["price"], offer["priceCurrency"]) == (written, price.currency)


@pytest.mark.parametrize(
    ("stock", "word"),
    [
        ({}, "InStock"),
        ({"low_stock": True, "available": 2}, "LimitedAvailability"),
        ({"in_stock": False, "available": 0}, "OutOfStock"),
        ({"available": 0, "backorder": True}, "BackOrder"),
    ],
)
def test_what_is_there_is_told(stock: dict[str, Any], word: str) -> None:
    assert offered(**stock)["availability"] == f"https://schema.org/{word}"


def test_what_is_discontinued_says_so() -> None:
    [offer] = data(changed(discontinued=True))["offers"]
    assert offer["availability"] == "https://schema.org/Discontinued"


@pytest.mark.parametrize("gtins", [["12345"], ["ABCDEFGH"], [], "", None, ["١٢٣٤٥٦٧٨"]])
def test_only_what_can_be_a_gtin_is_called_one(gtins: Any) -> None:
    assert "gtin" not in data(changed(attributes={"gtins": gtins}))


def test_nothing_in_a_name_ends_the_script_it_stands_in() -> None:
    written = str(safe(product_data(changed(title=HOSTILE, brand=HOSTILE), PRODUCT.offers, [HOSTILE], BASE)))
    assert not set("<>&\u2028\u2029") & set(written)
    read = json.loads(written)
    assert (read["name"], read["brand"]["name"], read["image"]) == (HOSTILE, HOSTILE, [HOSTILE])


def test_ways_and_lists_have_places() -> None:
    way = breadcrumbs([Step("Furniture", "Furniture"), Step("TV & Video", "Furniture/TV & Video", "Fernsehen")], BASE)
    assert [(one["position"], one["name"], one["item"]) for one in way["itemListElement"]] == [
        (1, "Furniture", f"{BASE}/category/Furniture"),
        (2, "Fernsehen", f"{BASE}/category/Furniture/TV%20%26%20Video"),
    ]
    card = answers.Card("prd_1", "Oak bed", None, [], None, None, 0, None, False, False)
    places = item_list([card, card], 40, BASE)
    assert (places["numberOfItems"], [one["position"] for one in places["itemListElement"]]) == (40, [1, 2])
