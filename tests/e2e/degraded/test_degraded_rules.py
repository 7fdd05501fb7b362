"""What searches go by besides their text, while the views that keep the rules are away."""

from __future__ import annotations

from tests.e2e.degraded.answers import degraded
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shaky import Servers
from tests.e2e.shopper import Shopper


async def test_searches_go_on_for_whoever_has_seen_more_than_the_views_did(
    house: House, visitor: Shopper, seller: Seller, servers: Servers
):
    await seller.describes(title="Bed of today")
    await visitor.read("/api/products?q=bed")
    servers.views.goes()
    await seller.describes(title="Bed of tomorrow")
    asked, position = servers.views.asked, seller.shopper.position
    found = await degraded(
        visitor.send("GET", "/api/products?q=tomorrow", Kontor_Min_Position=position, Prefer="wait=10"), "products"
    )
    assert found["total"] == 1
    assert servers.views.asked - asked <= 1, "nobody asks over and over what is known to be away"
