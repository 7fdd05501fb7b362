"""The pages of a query service, whose commands go to a service of another origin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.house import process
from tests.e2e.market import open_shop
from tests.embedded import since
from tests.web.browser import browser
from tests.web.walking import pay, to_checkout

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(400)]


async def test_buying_over_two_origins(tmp_path: Path, driven: Any) -> None:
    data = tmp_path / "data"
    with process("serve", "write", data=data, KONTOR_CORS_ORIGINS='["*"]') as write:
        pages = {"KONTOR_STOREFRONT": "true", "KONTOR_STOREFRONT_WRITE_URL": write.url()}
        with process("serve", "read", data=data, **pages) as read:
            async with httpx.AsyncClient(base_url=write.url(), timeout=30) as http:
                seller = await open_shop(http)
                sku = await seller.sells()
                sold = f"{read.url()}/api/products/{seller.products[sku]}"
                there = await http.get(sold, headers=since(seller.shopper.position))
                assert there.json()["inStock"], there.text
            async with browser(driven, read.url(), write.url()) as chrome:
                page = await chrome.page()
                await to_checkout(page, seller.products[sku])
                await pay(page).click()
                await expect(page.get_by_text("Thank you, your order is paid")).to_be_visible()
                chrome.require_quiet()
