"""What the public finds of the shop's pages: their content and status, what caches and search engines are told."""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from kontor.serving.running import build_app
from kontor.settings import Settings
from projections.views import ViewsUnavailable
from tests.e2e.house import House, client_of, in_process
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper

BASE = "https://shop.example"
PAGE = "text/html,application/xhtml+xml,*/*;q=0.8"
HOSTILE = "</title></script><script>alert(1)</script><!-- \"' onmouseover=alert(1) \u2028 & {{7*7}}"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", storefront=True, storefront_url=BASE) as house:
        yield house


async def get(who: Shopper, path: str, status: int = 200, **headers: str) -> httpx.Response:
    """A page that shows at least what this person did."""
    sent = {"Accept": PAGE, "Kontor_Min_Position": who.position, "Prefer": "wait=10", **headers}
    answer = await who.send("GET", path, None, **sent)
    assert answer.status_code == status, answer.text
    return answer


async def sold(seller: Seller, title: str = "Oak bed", **more: Any) -> str:
    sku = await seller.sells(50, sku=await seller.describes(title, **more))
    await seller.is_found()
    return seller.products[sku]


def meta(page: httpx.Response) -> dict[str, str]:
    found = re.findall(r'<meta (?:name|property)="([^"]+)"(?: lang="\w+")? content="([^"]*)"', page.text)
    return {name: html.unescape(content) for name, content in found}


def linked(page: httpx.Response) -> dict[str, dict[str, Any]]:
    texts = re.findall(r'<script type="application/ld\+json"[^>]*>([^<]+)</script>', page.text)
    return {one["@type"]: one for one in map(json.loads, texts)}


def text_of(page: httpx.Response) -> str:
    """What somebody without scripts reads."""
    body = page.text.partition("<body")[2]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


async def test_a_product_is_told_in_head_and_body(seller: Seller) -> None:
    product_id = await sold(seller, attributes={"material": "oak", "wide": True})
    page = await get(seller.shopper, f"/product/{product_id}")
    assert '<title lang="en">Oak bed · Kontor</title>' in page.text
    assert f'<link rel="canonical" href="{BASE}/product/{product_id}"' in page.text
    said = meta(page)
    assert (said["description"], said["og:title"], said["og:type"]) == ("Solid oak.", "Oak bed", "product")
    assert (said["og:url"], said["twitter:card"]) == (f"{BASE}/product/{product_id}", "summary")
    assert (said["product:price:amount"], said["product:price:currency"]) == ("19.99", "USD")
    [offer] = linked(page)["Product"]["offers"]
    assert (offer["price"], offer["availability"]) == ("19.99", "https://schema.org/InStock")
    way = linked(page)["BreadcrumbList"]["itemListElement"]
    assert [one["item"] for one in way] == [f"{BASE}/category/Furniture", f"{BASE}/category/Furniture/Beds"]
    for text in ("Oak bed", "$19.99", "In stock", "Solid oak.", "Material oak", "Wide Yes", "Sold by Nordwald"):
        assert text in text_of(page), text


async def test_a_picture_is_shown_and_passed_on(seller: Seller) -> None:
    product_id = await sold(seller, media=["https://pictures.example/bed.jpg?w=1&h=2"])
    page = await get(seller.shopper, f"/product/{product_id}")
    assert '<img alt="Oak bed" loading="eager" decoding="sync" width="500" height="400"' in page.text
    said = meta(page)
    assert said["og:image"] == said["twitter:image"] == "https://pictures.example/bed.jpg?w=1&h=2"
    assert said["twitter:card"] == "summary_large_image"
    assert linked(page)["Product"]["image"] == ["https://pictures.example/bed.jpg?w=1&h=2"]


async def test_a_category_lists_its_first_products_with_links(seller: Seller) -> None:
    beds = [await sold(seller, f"Bed {at}") for at in range(3)]
    await sold(seller, "Rug", category=["Furniture", "Rugs & mats"])
    page = await get(seller.shopper, "/category/Furniture/Beds")
    assert "<title>Beds · Kontor</title>" in page.text
    assert f'<link rel="canonical" href="{BASE}/category/Furniture/Beds"' in page.text
    listed = linked(page)["ItemList"]
    assert listed["numberOfItems"] == 3
    assert {one["url"] for one in listed["itemListElement"]} == {f"{BASE}/product/{bed}" for bed in beds}
    assert all(f'href="/product/{bed}"' in page.text for bed in beds)
    above = await get(seller.shopper, "/category/Furniture")
    assert 'href="/category/Furniture/Rugs%20%26%20mats"' in above.text
    assert "Rugs & mats" in text_of(await get(seller.shopper, "/category/Furniture/Rugs%20%26%20mats"))


async def test_the_front_page_leads_to_categories_and_products(seller: Seller) -> None:
    product_id = await sold(seller)
    page = await get(seller.shopper, "/")
    assert f'<link rel="canonical" href="{BASE}/"' in page.text
    assert 'href="/category/Furniture"' in page.text
    assert f'href="/product/{product_id}"' in page.text
    assert {"Accept", "Accept-Language"} <= set(page.headers["vary"].split(", "))


async def test_what_there_is_not_is_404_and_what_is_gone_is_410(seller: Seller, visitor: Shopper) -> None:
    bed = await sold(seller)
    draft = await seller.shopper.do("POST", "/api/products", {"title": "Secret", "status": "draft"}, 201)
    another = bed[:-1] + ("1" if bed.endswith("0") else "0")
    for path in ("/product/prd_none", f"/product/{another}", "/product/%00", f"/product/{draft['productId']}"):
        missing = await get(seller.shopper, path, 404)
        assert (missing.headers["x-robots-tag"], missing.headers["cache-control"]) == ("noindex", "no-store"), path
        assert "There is no such page" in text_of(missing)
        assert "Secret" not in missing.text
    for path in ("/category/Nothing", "/category/", "/category/Furniture/Beds/None"):
        assert (await get(seller.shopper, path, 404)).headers["x-robots-tag"] == "noindex"
    await seller.shopper.do("DELETE", f"/api/products/{bed}")
    gone = await get(seller.shopper, f"/product/{bed}", 410)
    assert gone.headers["x-robots-tag"] == "noindex"
    assert "No longer made" in text_of(gone)
    again = await get(seller.shopper, f"/product/{bed}", 410, If_None_Match=gone.headers["etag"])
    assert again.content == gone.content


async def test_caches_are_told_what_they_are_told_of_the_interface(seller: Seller) -> None:
    bed = await sold(seller)
    for page, interface in (
        (f"/product/{bed}", f"/api/products/{bed}"),
        ("/category/Furniture/Beds", "/api/categories/Furniture/Beds"),
    ):
        shown, answered = await get(seller.shopper, page), await get(seller.shopper, interface)
        for name in ("cache-control", "surrogate-control", "surrogate-key", "cache-tag", "content-language", "vary"):
            assert shown.headers[name] == answered.headers[name], name
        assert shown.headers["etag"] != answered.headers["etag"]
        assert shown.headers["content-type"] == "text/html; charset=utf-8"


async def test_a_page_is_sent_again_only_when_it_is_another(seller: Seller) -> None:
    sku = await seller.sells(50)
    path = f"/product/{seller.products[sku]}"
    first = await get(seller.shopper, path)
    same = await get(seller.shopper, path, 304, If_None_Match=first.headers["etag"])
    assert (same.content, same.headers["surrogate-key"]) == (b"", first.headers["surrogate-key"])
    assert "content-type" not in same.headers
    await seller.offers(sku, 2_500)
    changed = await get(seller.shopper, path, If_None_Match=first.headers["etag"])
    assert "$25.00" in text_of(changed)
    assert "$19.99" not in changed.text


async def test_a_page_is_told_in_the_language_that_is_asked_for(seller: Seller) -> None:
    texts = {"de": {"title": "Eichenbett", "description": "Massive Eiche.", "labels": {"material": "Werkstoff"}}}
    path = f"/product/{await sold(seller, texts=texts)}"
    english = await get(seller.shopper, path)
    german = await get(seller.shopper, path, Accept_Language="de-AT, en;q=0.5")
    assert (english.headers["content-language"], german.headers["content-language"]) == ("en", "de")
    assert '<html lang="en">' in german.text, "the page's own words are English"
    assert '<title lang="de">Eichenbett · Kontor</title>' in german.text
    assert '<h1 lang="de">Eichenbett</h1>' in german.text
    assert "Werkstoff oak" in text_of(german)
    assert english.headers["etag"] != german.headers["etag"]
    assert (await get(seller.shopper, path, 200, If_None_Match=german.headers["etag"])).text == english.text


async def test_names_that_mean_harm_are_names(seller: Seller) -> None:
    variants = [
        {"sku": f"X{at}-{seller.shop_id[-8:]}", "attributes": {HOSTILE[:60]: f"{HOSTILE}{at}"}} for at in (1, 2)
    ]
    hostile = {"description": f"{HOSTILE}\n{HOSTILE}", "brand": HOSTILE, "attributes": {"color": HOSTILE}}
    product_id = await sold(seller, HOSTILE, category=[HOSTILE.replace("/", "|")], variants=variants, **hostile)
    category = linked(await get(seller.shopper, f"/product/{product_id}"))["BreadcrumbList"]["itemListElement"][0][
        "item"
    ]
    for path in (
        f"/product/{product_id}",
        f"/product/{product_id}?sku={variants[1]['sku']}",
        category[len(BASE) :],
        "/",
    ):
        page = await get(seller.shopper, path)
        found = re.findall(r"<script[^>]*>", page.text)
        assert all('type="application/ld+json" data-served' in one or "/assets/" in one for one in found), found
        assert not re.search(r"<[^>]*\sonmouseover=", re.sub(r'"[^"]*"', '""', page.text))
        assert "<!--" not in page.text
        assert "49" not in page.text.partition("<main")[2].partition("{{7*7}}")[0]
    assert linked(await get(seller.shopper, f"/product/{product_id}"))["Product"]["name"] == HOSTILE


async def test_an_address_names_one_of_a_family_and_where_it_goes(seller: Seller) -> None:
    variants = [{"sku": f"{size}-{seller.shop_id[-8:]}", "attributes": {"size": size}} for size in "SL"]
    sku = await seller.describes("Stool", axes=["size"], variants=variants)
    await seller.sells(5, 1_000, sku)
    await seller.sells(5, 3_000, variants[1]["sku"], shipsTo=["DE"])
    path = f"/product/{seller.products[sku]}"
    assert "$10.00" in text_of(await get(seller.shopper, path)).partition("compared")[0]
    chosen = text_of(await get(seller.shopper, f"{path}?sku={variants[1]['sku']}"))
    assert "Delivers to DE" in chosen
    elsewhere = text_of(await get(seller.shopper, f"{path}?sku={variants[1]['sku']}&shipTo=US"))
    assert "Nobody delivers it there" in elsewhere
    for query in ("?sku=none", "?shipTo=nowhere", "?utm_source=mail&gclid=x", "?shipTo=*"):
        page = await get(seller.shopper, path + query)
        assert f'<link rel="canonical" href="{BASE}{path}"' in page.text
        assert "$10.00" in text_of(page).partition("compared")[0]


async def test_search_engines_find_everything_that_is_everybody_s(seller: Seller, visitor: Shopper) -> None:
    bed, rug = await sold(seller), await sold(seller, "Rug", category=["Furniture", "Rugs & mats"])
    robots = (await get(visitor, "/robots.txt")).text
    assert f"Sitemap: {BASE}/sitemap.xml" in robots
    for closed in ("/search", "/account", "/cart", "/console"):
        assert f"Disallow: {closed}\n" in robots
    assert "/api" not in robots, "pages that search engines run ask it"
    index = await get(visitor, "/sitemap.xml")
    assert index.headers["content-type"] == "application/xml"
    places = re.findall(r"<loc>(.+?)</loc>", index.text)
    assert places == [f"{BASE}/sitemap-pages.xml", f"{BASE}/sitemap-1.xml"]
    pages, products = [(await get(visitor, place[len(BASE) :])).text for place in places]
    assert re.findall(r"<loc>(.+?)</loc>", pages) == [
        f"{BASE}/",
        f"{BASE}/category/Furniture",
        f"{BASE}/category/Furniture/Beds",
        f"{BASE}/category/Furniture/Rugs%20%26%20mats",
    ]
    assert re.findall(r"<loc>(.+?)</loc>", products) == [f"{BASE}/product/{one}" for one in sorted((bed, rug))]
    plain = await get(visitor, "/sitemap-1.xml", Accept_Encoding="identity")
    assert (plain.text, "content-encoding" in plain.headers) == (products, False)
    assert (await visitor.send("GET", "/sitemap-2.xml")).status_code == 404


async def test_without_an_address_of_its_own_a_page_names_none(house: House, seller: Seller) -> None:
    product_id = await sold(seller)
    settings = Settings(data=house.folder, storefront=True, rate_limits=False)
    async with client_of(build_app("all", house.services, settings)) as http:
        page = await http.get(f"/product/{product_id}", headers={"Accept": PAGE, "Host": "evil.example"})
        assert page.status_code == 200
        assert "evil.example" not in page.text
        assert not {"og:url", "og:image"} & meta(page).keys()
        assert "canonical" not in page.text
        assert "url" not in linked(page)["Product"]
        assert "Sitemap" not in (await http.get("/robots.txt")).text
        missing = await http.get("/sitemap.xml")
        assert (missing.status_code, "KONTOR_STOREFRONT_URL" in missing.json()["detail"]) == (404, True)


async def test_while_products_are_away_the_scripts_are_sent_to_ask_again(house: House, seller: Seller) -> None:
    product_id = await sold(seller)

    async def away(*_: Any, **__: Any) -> Any:
        raise ViewsUnavailable("test")

    pages = house.app.state.reading.pages
    pages.clear()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(pages, "page_for", away)
        page = await get(seller.shopper, f"/product/{product_id}", 503)
    assert (page.headers["retry-after"], page.headers["cache-control"]) == ("1", "no-store")
    assert "shop/main.js" in page.text


async def test_however_many_ask_a_page_is_drawn_once(house: House, seller: Seller) -> None:
    path = f"/product/{await sold(seller)}"
    rendered = house.app.state.storefront.products.rendered
    before = rendered.misses
    for _ in range(5):
        await get(seller.shopper, path)
    assert rendered.misses == before + 1
