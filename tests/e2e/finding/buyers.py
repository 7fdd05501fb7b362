"""Somebody new who buys."""

from __future__ import annotations

import httpx

from tests.e2e.shopper import Shopper, sign_up


async def buy(http: httpx.AsyncClient, *skus: str, card: str = "pm_card_visa") -> Shopper:
    """One order of all of them, by somebody new."""
    shopper = await (await sign_up(http)).move_in(card)
    for sku in skus:
        await shopper.add(sku)
    await shopper.settled((await shopper.buy())["orderId"])
    return shopper
