"""Addresses that the pages do not have, as browsers and programs ask for them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.house import House, in_process
from tests.web.test_served import PAGE


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[House]:
    async with in_process(tmp_path / "data", storefront=True) as house:
        yield house


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/cart/", "/cart"),
        ("/account/", "/account"),
        ("/console/", "/console"),
        ("/search/?q=a%26b", "/search?q=a%26b"),
        ("/product/caf%C3%A9%3Fx/", "/product/caf%C3%A9%3Fx"),
        ("/console/orders/ord_1/", "/console/orders/ord_1"),
    ],
)
async def test_a_slash_at_the_end_leads_to_the_page_without_it(web: House, path: str, to: str) -> None:
    found = await web.http.get(path, headers=PAGE)
    assert (found.status_code, found.headers["location"]) == (308, to)


@pytest.mark.parametrize("path", ["/nope", "/cart//", "//elsewhere.example/", "/product/a/b", "/console/orders/a/b"])
async def test_a_browser_that_asks_for_no_page_is_shown_one_that_says_so(web: House, path: str) -> None:
    url = web.http.base_url.join("/").copy_with(raw_path=path.encode())
    found = await web.http.get(url, headers=PAGE)
    kind = "console" if path.startswith("/console/") else "shop"
    assert found.status_code == 404
    assert f"{kind}/main.js" in found.text
    assert (found.headers["cache-control"], "etag" in found.headers) == ("no-store", False)
    known = await web.http.get("/cart", headers=PAGE)
    for name in ("content-type", "content-security-policy", "x-content-type-options", "cross-origin-opener-policy"):
        assert found.headers[name] == known.headers[name]
    known_tag = {**PAGE, "If-None-Match": known.headers["etag"]}
    assert (await web.http.get(url, headers=known_tag)).status_code == 404
    headless = await web.http.head(url, headers=PAGE)
    assert (headless.status_code, headless.content) == (404, b"")
    assert headless.headers["content-length"] == str(len(found.content))


@pytest.mark.parametrize("path", ["/api/nope", "/api/products/", "/api", "/assets/1/none.js"])
async def test_the_interface_answers_browsers_as_it_answers_programs(web: House, path: str) -> None:
    found = await web.http.get(path, headers=PAGE)
    assert (found.status_code, found.json()["code"]) == (404, "not_found")


async def test_programs_and_commands_are_told_what_they_were_told_before(web: House) -> None:
    for path in ("/nope", "/cart/"):
        found = await web.http.get(path, headers={"Accept": "*/*"})
        assert (found.status_code, found.json()["code"]) == (404, "not_found")
        posted = await web.http.post(path, headers=PAGE)
        assert (posted.status_code, posted.json()["code"]) == (404, "not_found")


async def test_without_scripts_every_page_says_where_programs_find_what_it_shows(web: House) -> None:
    for path in ("/", "/cart", "/console"):
        [said] = re.findall(r"<noscript>(<p.*?)</noscript>", (await web.http.get(path, headers=PAGE)).text, re.DOTALL)
        assert re.findall(r'href="([^"]+)"', said) == ["/openapi.json"]
        assert "What it shows" not in said
