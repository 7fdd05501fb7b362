"""Smaller ones of pictures over HTTP: told beside the picture, served for ever, made anew, and why there are none."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from domain.catalog.media import PICTURES_MAX
from streams.renditions import rendering
from streams.renditions.places import Places
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.selling.pictures import permitted, sent, shows
from tests.e2e.shopper import expect, problem
from tests.streams.renditions.samples import photo, png_bomb

BODY = photo(800, 600)
SIZES = [(160, 120), (320, 240), (640, 480), (800, 600)]


@pytest.fixture
async def product(seller: Seller) -> str:
    return seller.products[await seller.sells()]


async def takes_up(house: House, seller: Seller, product: str, body: bytes, status: int = 201) -> dict[str, Any]:
    upload = await permitted(seller, product, body)
    expect(204, await sent(house.http, upload, body))
    return await again(seller, product, upload["mediaId"], status)


async def again(seller: Seller, product: str, media_id: str, status: int = 201) -> dict[str, Any]:
    path = f"/api/products/{product}/media"
    media: dict[str, Any] = await seller.shopper.do("POST", path, {"mediaId": media_id}, status)
    return media


def sizes(media: dict[str, Any]) -> list[tuple[int, int]]:
    return [(one["width"], one["height"]) for one in media["renditions"]]


async def test_they_are_told_wherever_the_picture_is(house: House, seller: Seller, product: str) -> None:
    sku = next(iter(seller.products))
    media = await takes_up(house, seller, product, BODY)
    assert (media["width"], media["height"], media["withoutRenditions"]) == (800, 600, None)
    assert sizes(media) == SIZES
    page = await seller.shopper.read(f"/api/products/{product}")
    [picture] = page["pictures"]
    assert {name: picture[name] for name in ("width", "height", "renditions")} == {
        name: media[name] for name in ("width", "height", "renditions")
    }
    assert page["renditions"] == media["renditions"]
    [card] = (await seller.shopper.read(f"/api/products?q={sku}"))["items"]
    assert (card["image"], card["renditions"]) == (page["image"], media["renditions"])
    await seller.shopper.do("POST", "/api/wishlist/items", {"sku": sku}, 201)
    [wish] = (await seller.shopper.read("/api/wishlist"))["items"]
    assert wish["renditions"] == media["renditions"]
    assert house.problems() == []


async def test_they_are_served_for_ever_and_harmless(house: House, seller: Seller, product: str) -> None:
    media = await takes_up(house, seller, product, BODY)
    got = [await house.http.get(one["url"]) for one in media["renditions"]]
    for answer in got:
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/webp"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
    lengths = [len(answer.content) for answer in got]
    assert lengths == sorted(lengths)
    assert lengths[-1] < len(BODY)
    same = await house.http.get(media["renditions"][0]["url"], headers={"If-None-Match": got[0].headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


async def test_a_list_without_uploaded_pictures_is_what_it_was(seller: Seller) -> None:
    sku = await seller.describes(media=["https://img.example/bed.jpg"])
    await seller.offers(sku, 1_999)
    [card] = (await seller.shopper.read(f"/api/products?q={sku}"))["items"]
    assert "renditions" not in card
    page = await seller.shopper.read(f"/api/products/{seller.products[sku]}")
    [picture] = page["pictures"]
    assert (picture["width"], picture["height"], picture["renditions"]) == (None, None, [])


@pytest.mark.parametrize(
    ("body", "reason"),
    [(BODY[:2_000], "it cannot be decoded"), (png_bomb(10_000, 10_000), "it has more than 50,000,000 pixels")],
)
async def test_what_cannot_be_decoded_is_shown_as_it_is_and_why_is_said(
    house: House, seller: Seller, product: str, body: bytes, reason: str
) -> None:
    media = await takes_up(house, seller, product, body)
    assert reason in media["withoutRenditions"]
    assert (media["width"], media["renditions"]) == (None, [])
    page = await seller.shopper.read(f"/api/products/{product}")
    assert "renditions" not in page
    assert (await house.http.get(page["image"])).content == body


async def test_it_may_be_decoded_later(
    house: House, seller: Seller, product: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that are of an older version, which decoded none."""
    with monkeypatch.context() as busy:
        busy.setattr(rendering, "WALL_S", 0.0)
        media = await takes_up(house, seller, product, BODY)
        assert "takes more than" in media["withoutRenditions"]
    later = await again(seller, product, media["mediaId"])
    assert (sizes(later), later["withoutRenditions"]) == (SIZES, None)
    page = await seller.shopper.read(f"/api/products/{product}")
    assert page["renditions"] == later["renditions"]
    head = await house.head()
    assert await again(seller, product, media["mediaId"]) | {"position": ""} == later | {"position": ""}
    assert await house.head() == head
    assert house.problems() == []


async def test_one_that_was_lost_comes_back(house: House, seller: Seller, product: str) -> None:
    media = await takes_up(house, seller, product, BODY)
    page = await seller.shopper.read(f"/api/products/{product}")
    assert page["renditions"] == media["renditions"], "and whoever is asked for one knows it too"
    urls = [one["url"] for one in media["renditions"]]
    before = [(await house.http.get(url)).content for url in urls]
    assert house.services.objects is not None
    for url in urls:
        await house.services.objects.delete(url.removeprefix("/api/"))
    assert await asyncio.gather(*(content(house.http, url) for url in urls)) == before
    await house.services.objects.delete(urls[0].removeprefix("/api/"))
    await again(seller, product, media["mediaId"])
    assert await house.services.objects.get(urls[0].removeprefix("/api/"), 1 << 20) == before[0]


async def content(http: httpx.AsyncClient, url: str) -> bytes:
    answer = await http.get(url)
    assert answer.status_code == 200
    return answer.content


async def test_one_that_cannot_be_had_just_now_leads_to_the_picture(house: House, seller: Seller, product: str) -> None:
    await takes_up(house, seller, product, BODY)
    page = await seller.shopper.read(f"/api/products/{product}")
    url = page["renditions"][0]["url"]
    assert house.services.objects is not None
    await house.services.objects.delete(url.removeprefix("/api/"))
    house.services.lost_renditions._places = Places(0, 0, 0)
    answer = await house.http.get(url)
    assert (answer.status_code, answer.headers["location"]) == (307, page["image"])
    assert answer.headers["cache-control"] == "public, max-age=60"


async def test_only_what_is_told_is_made(house: House, seller: Seller, product: str) -> None:
    media = await takes_up(house, seller, product, BODY)
    url = media["renditions"][0]["url"]
    digest = url.split(".")[1]
    for other in (url.replace(".160.", ".161."), url.replace(digest, "0" * 16), url.replace(".webp", ".png")):
        problem(await house.http.get(other), 404, "not_found")
    assert house.services.lost_renditions._in_vain == {}
    none = url.replace(product, "prd_01KARQ0000ABCDEFGHJKMNPQRS")
    problem(await house.http.get(none), 404, "not_found")


async def gone(http: httpx.AsyncClient, url: str) -> httpx.Response:
    """The answer once the views know; until then a lost rendition leads to its picture."""
    for _ in range(250):
        answer = await http.get(url)
        if answer.status_code == 404:
            break
        await asyncio.sleep(0.02)
    return answer


async def test_they_go_with_their_picture(house: House, seller: Seller, product: str) -> None:
    media = await takes_up(house, seller, product, BODY)
    other = await takes_up(house, seller, product, BODY)
    await seller.shopper.do("DELETE", f"/api/products/{product}/media/{media['mediaId']}", status=204)
    for one in media["renditions"]:
        problem(await gone(house.http, one["url"]), 404, "not_found")
    assert [await content(house.http, one["url"]) for one in other["renditions"]]


async def test_who_sends_too_many_is_asked_to_send_them_again(house: House, seller: Seller, product: str) -> None:
    house.services.decoding = Places(0, 0, 0)
    upload = await permitted(seller, product, BODY)
    expect(204, await sent(house.http, upload, BODY))
    picture = {"mediaId": upload["mediaId"]}
    refused = await seller.shopper.send("POST", f"/api/products/{product}/media", picture)
    assert "send the same request again" in problem(refused, 503, "overloaded")["detail"]
    assert refused.headers["retry-after"] == "5"
    house.services.decoding = Places()
    assert sizes(await again(seller, product, upload["mediaId"])) == SIZES


async def test_a_crash_before_it_is_recorded_loses_no_upload(
    house: House, seller: Seller, product: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was put away by then is put there once more."""

    async def crash(*_: Any, **__: Any) -> None:
        raise RuntimeError("crash")

    upload = await permitted(seller, product, BODY)
    expect(204, await sent(house.http, upload, BODY))
    with monkeypatch.context() as crashing:
        crashing.setattr(house.services.engine, "submit", crash)
        path = f"/api/products/{product}/media"
        assert (await seller.shopper.send("POST", path, {"mediaId": upload["mediaId"]})).status_code == 500
    media = await again(seller, product, upload["mediaId"])
    assert (sizes(media), media["withoutRenditions"]) == (SIZES, None)
    assert house.services.objects is not None
    assert await house.services.objects.listed(f"uploads/{seller.shopper.user_id}.", 9) == []


async def test_a_full_gallery_is_said_before_anything_is_decoded(house: House, seller: Seller, product: str) -> None:
    one_more = await permitted(seller, product, BODY)
    expect(204, await sent(house.http, one_more, BODY))
    for _ in range(PICTURES_MAX):
        await shows(house, seller, product)
    house.services.decoding = Places(0, 0, 0)
    picture = {"mediaId": one_more["mediaId"]}
    refused = await seller.shopper.send("POST", f"/api/products/{product}/media", picture)
    assert problem(refused, 422, "validation_failed")["limit"] == PICTURES_MAX
