"""Pictures of products over HTTP: uploaded, looked at, shown, removed."""

from __future__ import annotations

import pytest

from tests.contracts.objects import PNG
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.selling.pictures import permitted, sent, shows
from tests.e2e.shopper import Shopper, expect, problem
from writeapi.merchants.uploads import Limits

JPEG = b"\xff\xd8\xff\xe0" + bytes(2_000)


@pytest.fixture
async def product(seller: Seller) -> str:
    return seller.products[await seller.sells()]


async def test_a_picture_is_uploaded_and_shown_first(house: House, seller: Seller) -> None:
    sku = await seller.describes(media=["https://img.example/bed.jpg"])
    await seller.offers(sku, 1_999)
    product = seller.products[sku]
    first = await shows(house, seller, product, alt="From the front")
    second = await shows(house, seller, product, JPEG, position=0)
    page = await seller.shopper.read(f"/api/products/{product}")
    assert [(one["mediaId"], one["type"], one["alt"], one["position"]) for one in page["pictures"]] == [
        (second, "image/jpeg", "", 0),
        (first, "image/png", "From the front", 1),
        (None, None, "", 2),
    ], "its type is what it is, not what was said"
    assert page["media"] == ["https://img.example/bed.jpg"]
    assert page["image"] == page["pictures"][0]["url"] == f"/api/media/{product}/{second}.jpg"
    [card] = (await seller.shopper.read(f"/api/products?q={sku}"))["items"]
    assert card["image"] == page["image"]

    answer = await house.http.get(page["pictures"][1]["url"])
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "sandbox" in answer.headers["content-security-policy"]
    again = await house.http.get(page["pictures"][1]["url"], headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")

    path = f"/api/products/{product}/media/{first}"
    await seller.shopper.do("PATCH", path, {"position": 0, "alt": "The front"})
    page = await seller.shopper.read(f"/api/products/{product}")
    assert [(one["mediaId"], one["alt"]) for one in page["pictures"][:2]] == [(first, "The front"), (second, "")]
    await seller.shopper.do("DELETE", path, status=204)
    page = await seller.shopper.read(f"/api/products/{product}")
    assert [one["mediaId"] for one in page["pictures"]] == [second, None]
    problem(await house.http.get(f"/api/media/{product}/{first}.png"), 404, "not_found")
    assert house.problems() == []


async def test_whoever_describes_a_product_anew_takes_no_picture_away(
    house: House, seller: Seller, product: str
) -> None:
    media_id = await shows(house, seller, product)
    await seller.shopper.do("PATCH", f"/api/products/{product}", {"title": "Oak bed, oiled", "media": []})
    page = await seller.shopper.read(f"/api/products/{product}")
    assert [one["mediaId"] for one in page["pictures"]] == [media_id]


@pytest.mark.parametrize("body", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>", b"x", PNG[:7]])
async def test_what_is_no_picture_is_not_shown(house: House, seller: Seller, product: str, body: bytes) -> None:
    upload = await permitted(seller, product, body)
    expect(204, await sent(house.http, upload, body))
    picture = {"mediaId": upload["mediaId"]}
    answer = await seller.shopper.send("POST", f"/api/products/{product}/media", picture)
    problem(answer, 422, "validation_failed", "#/mediaId")
    answer = await seller.shopper.send("POST", f"/api/products/{product}/media", picture)
    problem(answer, 404, "not_found")


async def test_an_upload_is_what_was_permitted(house: House, seller: Seller, product: str) -> None:
    upload = await permitted(seller, product, PNG)
    problem(await sent(house.http, upload, PNG + b"x"), 413, "payload_too_large")
    html = {**upload, "headers": {"Content-Type": "text/html"}}
    problem(await sent(house.http, html, PNG), 415, "unsupported_media_type")
    jpeg = {**upload, "headers": {"Content-Type": "image/jpeg"}}
    problem(await sent(house.http, jpeg, PNG), 415, "unsupported_media_type")
    other = {**upload, "url": upload["url"][:-3] + "abc"}
    problem(await sent(house.http, other, PNG), 403, "forbidden")
    huge = await house.http.put(upload["url"], content=bytes(11 << 20), headers=upload["headers"])
    problem(huge, 413, "payload_too_large")
    answer = await seller.shopper.send("POST", f"/api/products/{product}/media", {"mediaId": upload["mediaId"]})
    problem(answer, 404, "not_found")
    for said in ({"type": "image/svg+xml", "size": 10}, {"type": "image/png", "size": 11 << 20}, {"type": "image/png"}):
        answer = await seller.shopper.send("POST", f"/api/products/{product}/media/uploads", said)
        problem(answer, 422, "validation_failed")


async def test_what_was_taken_up_cannot_be_uploaded_over(house: House, seller: Seller, product: str) -> None:
    upload = await permitted(seller, product, PNG)
    expect(204, await sent(house.http, upload, PNG))
    picture = {"mediaId": upload["mediaId"]}
    await seller.shopper.do("POST", f"/api/products/{product}/media", picture, 201)
    expect(204, await sent(house.http, upload, b"<html>"))
    head = await house.head()
    await seller.shopper.do("POST", f"/api/products/{product}/media", picture, 201)
    assert await house.head() == head
    answer = await house.http.get(f"/api/media/{product}/{upload['mediaId']}.png")
    assert answer.content == PNG


async def test_pictures_are_the_business_of_who_made_the_product(
    house: House, seller: Seller, shopper: Shopper, product: str
) -> None:
    media_id = await shows(house, seller, product)
    for method, path, body in (
        ("POST", "/uploads", {"type": "image/png", "size": 10}),
        ("POST", "", {"mediaId": media_id}),
        ("PATCH", f"/{media_id}", {"alt": "Mine"}),
        ("DELETE", f"/{media_id}", None),
    ):
        problem(await shopper.send(method, f"/api/products/{product}/media{path}", body), 403, "forbidden")


@pytest.mark.parametrize(
    "name", ["a.png", "pic_01KARQ0000ABCDEFGHJKMNPQRS.svg", "..", "pic_01KARQ0000ABCDEFGHJKMNPQRS.png"]
)
async def test_what_is_no_picture_is_not_found(house: House, name: str) -> None:
    problem(await house.http.get(f"/api/media/prd_01KARQ0000ABCDEFGHJKMNPQRS/{name}"), 404, "not_found")


async def test_uploads_that_nobody_takes_up_are_bounded(house: House, seller: Seller, product: str) -> None:
    house.services.uploads = Limits(files=2, size=10_000)
    first, _ = await permitted(seller, product, PNG), await permitted(seller, product, PNG)
    said = {"type": "image/png", "size": len(PNG)}
    refused = await seller.shopper.send("POST", f"/api/products/{product}/media/uploads", said)
    assert "take them up" in problem(refused, 429, "rate_limited")["detail"]
    assert int(refused.headers["retry-after"]) > 1
    expect(204, await sent(house.http, first, PNG))
    await seller.shopper.do("POST", f"/api/products/{product}/media", {"mediaId": first["mediaId"]}, 201)
    await permitted(seller, product, PNG)
