"""Products in several languages: what is shown to whom, what caches may keep, and what merchants may say."""

from __future__ import annotations

from typing import Any

from tests.e2e.finding.inlanguages import asked
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, expect, problem

TEXTS = {
    "de": {"title": "Eichenbett", "description": "Massive Eiche.", "labels": {"material": "Werkstoff"}},
    "fr": {"title": "Lit en chêne"},
}
BED = {"title": "Oak bed", "description": "Solid oak.", "texts": TEXTS, "attributes": {"material": "oak"}}


async def bed(seller: Seller, visitor: Shopper, **more: Any) -> str:
    """The product's id; whoever visits sees it."""
    sku = await seller.describes(**BED, **more)
    await seller.sells(sku=sku)
    visitor.position = seller.shopper.position
    return seller.products[sku]


async def test_a_page_is_told_in_the_language_that_is_asked_for(seller: Seller, visitor: Shopper) -> None:
    path = f"/api/products/{await bed(seller, visitor)}"
    shown = {}
    for language in ("", "en-GB", "de-AT, en;q=0.5", "fr", "xx, *"):
        answer = await asked(visitor, path, language)
        page = expect(200, answer)
        assert answer.headers["content-language"] == page["language"]
        assert "Accept-Language" in answer.headers["vary"]
        assert page["languages"] == ["de", "en", "fr"]
        shown[language] = (page["language"], page["title"], page["description"], page["labels"])
    english = ("en", "Oak bed", "Solid oak.", {})
    assert shown[""] == shown["en-GB"] == shown["xx, *"] == english
    assert shown["de-AT, en;q=0.5"] == ("de", "Eichenbett", "Massive Eiche.", {"material": "Werkstoff"})
    assert shown["fr"] == ("fr", "Lit en chêne", "Solid oak.", {}), "without a description of its own"


async def test_an_etag_belongs_to_a_language(seller: Seller, visitor: Shopper) -> None:
    product_id = await bed(seller, visitor)
    path = f"/api/products/{product_id}"
    tags = {}
    for language in ("en", "de"):
        answer = await asked(visitor, path, language)
        tags[language] = answer.headers["etag"]
    assert tags["en"] != tags["de"]
    same = await asked(visitor, path, "de", If_None_Match=tags["de"])
    assert (same.status_code, same.headers["content-language"]) == (304, "de")
    assert (await asked(visitor, path, "de", If_None_Match=tags["en"])).status_code == 200
    change = {"texts": {**TEXTS, "de": {"title": "Bett aus Eiche"}}}
    await seller.shopper.do("PATCH", path, change)
    visitor.position = seller.shopper.position
    changed = await asked(visitor, path, "de", If_None_Match=tags["de"])
    assert expect(200, changed)["title"] == "Bett aus Eiche"


async def test_lists_are_told_in_it_too(seller: Seller, visitor: Shopper, shopper: Shopper) -> None:
    own = {"category": ["Betten"], "brand": "Sprachlos"}
    product_id = await bed(seller, visitor, **own)
    await seller.sells(sku=await seller.describes("Pillow", **own))
    visitor.position = shopper.position = seller.shopper.position
    for path in ("/api/products?brand=Sprachlos", "/api/categories/Betten"):
        answer = await asked(visitor, path, "de")
        body = expect(200, answer)
        items = body.get("products", body)["items"]
        assert {item["title"] for item in items} == {"Eichenbett", "Pillow"}
        assert sorted(answer.headers["content-language"].split(", ")) == ["de", "en"]
        assert "Accept-Language" in answer.headers["vary"]
        english = expect(200, await asked(visitor, path))
        assert {item["title"] for item in english.get("products", english)["items"]} == {"Oak bed", "Pillow"}
    in_german = await asked(visitor, "/api/categories/Betten", "de")
    assert in_german.headers["etag"] != (await asked(visitor, "/api/categories/Betten")).headers["etag"]
    sku = next(sku for sku, known in seller.products.items() if known == product_id)
    await shopper.do("POST", "/api/wishlist/items", {"sku": sku}, 201)
    wishes = expect(200, await asked(shopper, "/api/wishlist", "de"))
    assert [(wish["title"], wish["language"]) for wish in wishes["items"]] == [("Eichenbett", "de")]


async def test_a_search_finds_the_words_of_every_language(seller: Seller, visitor: Shopper) -> None:
    texts = {
        "de": {"title": "Gartenstühle", "labels": {"material": "Werkstoff"}},
        "fr": {"title": "Chaises de jardin"},
        "es": {"title": "Sillas de jardín"},
        "it": {"title": "Sedie da giardino", "description": "<b>Pieghevoli</b> e leggere."},
    }
    sku = await seller.describes("Patio set", description="", texts=texts, brand="Sprachreich")
    german = await seller.describes("Liegestühle", description="", language="de", brand="Sprachreich")
    visitor.position = seller.shopper.position
    for word in ("gartenstuhl", "chaise", "silla", "sedia", "pieghevole", "werkstoff", "patio"):
        answer = await asked(visitor, f"/api/products?brand=Sprachreich&q={word}", "it")
        assert [(item["productId"], item["title"]) for item in expect(200, answer)["items"]] == [
            (seller.products[sku], "Sedie da giardino")
        ], word
    found = expect(200, await asked(visitor, "/api/products?brand=Sprachreich&q=liegestuhl"))
    assert [item["productId"] for item in found["items"]] == [seller.products[german]]


async def test_a_product_may_be_told_in_another_language_than_english(seller: Seller, visitor: Shopper) -> None:
    sku = await seller.describes("Stuhl", language="de", texts={"en": {"title": "Chair"}})
    path = f"/api/products/{seller.products[sku]}"
    visitor.position = seller.shopper.position
    assert expect(200, await asked(visitor, path))["title"] == "Stuhl"
    assert expect(200, await asked(visitor, path, "en"))["title"] == "Chair"
    await seller.shopper.do("PATCH", path, {"title": "Stool", "language": None, "texts": None})
    visitor.position = seller.shopper.position
    page = expect(200, await asked(visitor, path, "de"))
    assert (page["title"], page["language"], page["languages"]) == ("Stool", "en", ["en"])
    then = expect(200, await asked(visitor, f"{path}?version=1", "en-US"))
    assert (then["title"], then["language"]) == ("Chair", "en")


async def test_what_merchants_may_not_say(seller: Seller) -> None:
    shopper = seller.shopper
    for texts, pointer in (
        ({"Deutsch": {"title": "x"}}, "#/texts/Deutsch"),
        ({"de": {"title": ""}}, "#/texts/de/title"),
        ({"de": {"title": "x" * 1_001}}, "#/texts/de/title"),
        ({"de": {"title": "x", "labels": {"a": ""}}}, "#/texts/de/labels/a"),
        ({"de": {"title": "x", "price": 1}}, "#/texts/de/price"),
        ({"en": {"title": "x"}}, "#/texts/en"),
        ({"de": {"title": " "}}, "#/texts/de/title"),
        ({f"a{letter}": {"title": "x"} for letter in "abcdefghijklmnopqrstu"}, "#/texts"),
        ({f"a{letter}": {"title": "x", "description": "y" * 50_000} for letter in "abcde"}, "#/texts"),
    ):
        answer = await shopper.send("POST", "/api/products", {"title": "Bed", "texts": texts})
        problem(answer, 422, "validation_failed", pointer)
    answer = await shopper.send("POST", "/api/products", {"title": "Bed", "language": "klingon"})
    problem(answer, 422, "validation_failed", "#/language")


async def test_markup_in_any_language_is_kept_as_it_is(seller: Seller, visitor: Shopper) -> None:
    script = "<script>alert(1)</script>"
    sku = await seller.describes("Bed", texts={"de": {"title": script, "description": script}})
    visitor.position = seller.shopper.position
    page = expect(200, await asked(visitor, f"/api/products/{seller.products[sku]}", "de"))
    assert (page["title"], page["description"]) == (script, script)
