"""Everything a story needs before its first deed, made through the API: accounts, shops, products, stock."""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import quote

from domain.pricing.shipping import ZONES, ShippingMethod, ShippingRate, ShippingTable
from domain.pricing.tax import TaxTable
from kontor.acting.abreast import abreast
from kontor.acting.caller import Caller
from kontor.acting.people import People
from kontor.pastorders.story import Good, Purchase, Story
from writeapi.services import WriteServices

ADMIN = "administrator"
NO_TAX = TaxTable({}, {}, {})
"""What the data says was paid is all that was paid."""
TITLE_MAX = 200


class Clock:
    """Goes on from the instant to which it was set last, so that nothing waits for ever; never back."""

    def __init__(self, at: int) -> None:
        self._at = at
        self._since = time.monotonic()

    def set(self, at: int) -> None:
        self._at, self._since = max(at, self()), time.monotonic()

    def __call__(self) -> int:
        """Milliseconds since 1970."""
        return self._at + int((time.monotonic() - self._since) * 1000)


def carriage(currency: str, freight: int, regions: dict[str, str]) -> ShippingTable:
    """A tariff by which each parcel costs what the data says the carrier took."""
    rates = {zone: ShippingRate(freight, 0) for zone in ZONES}
    method = ShippingMethod("standard", "Carrier", 1, 30)
    shares = {method.id: dict.fromkeys(ZONES, 0)}
    return ShippingTable((method,), dict.fromkeys(ZONES, 0), {currency: {method.id: rates}}, shares, regions)


class Stage:
    def __init__(self, story: Story, services: WriteServices, caller: Caller, people: People) -> None:
        self.story = story
        self.caller = caller
        self.people = people
        self.services = services
        self.shops: dict[str, str] = {}
        """Ids of shops by the story's names."""
        self._regions = services.shipping.regions
        services.tax = NO_TAX

    async def build(self, received: Mapping[Good, int]) -> None:
        """``received`` is what is on hand at the beginning. Raises Unexpected."""
        buyers = {deed.buyer for deed in self.story.deeds if isinstance(deed, Purchase)}
        await self.people.register(ADMIN, "admin")
        await abreast(self.story.shops, self._owner)
        await abreast(sorted(buyers), self.people.register)
        await abreast(self.story.shops, self._shop)
        await abreast(self.story.goods.items(), self._product)
        await abreast(received.items(), self._receive)

    def owner(self, shop: str) -> dict[str, str]:
        """Headers of a request by the shop's owner."""
        return self.people.headers(f"owner of {shop}")

    def ships_for(self, freight: int) -> None:
        """What each parcel costs from now on."""
        self.services.shipping = carriage(self.story.currency, freight, self._regions)

    def at_shop(self, what: str, good: Good) -> str:
        """The path of an offer or of stock."""
        return f"/api/{what}/{self.shops[good[0]]}/{quote(good[1], safe='')}"

    async def _owner(self, shop: str) -> None:
        await self.people.register(f"owner of {shop}", "merchant")

    async def _shop(self, shop: str) -> None:
        body = {"name": shop, "country": self.story.country, "currency": self.story.currency}
        opened = await self.caller.expect(201, "POST", "/api/shops", body, self.owner(shop))
        self.shops[shop] = opened["shopId"]

    async def _product(self, good: tuple[str, str]) -> None:
        sku, title = good
        body = {"title": title[:TITLE_MAX], "variants": [{"sku": sku}], "externalId": sku}
        await self.caller.expect(201, "POST", "/api/products", body, self.people.headers(ADMIN))

    async def _receive(self, stock: tuple[Good, int]) -> None:
        good, units = stock
        headers = {**self.owner(good[0]), "Idempotency-Key": f"receive {good[1]}".replace(" ", "-")}
        path = f"{self.at_shop('inventory', good)}/receive"
        await self.caller.expect(200, "POST", path, {"quantity": units}, headers)
