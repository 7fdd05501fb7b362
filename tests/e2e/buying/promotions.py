"""Promotions that somebody runs, and how often they were used."""

from __future__ import annotations

from typing import Any

from domain.pricing.promotion import uses_of
from tests.e2e.house import House
from tests.e2e.shopper import Shopper

TEN_PERCENT = {"name": "Sale", "benefit": {"kind": "percent", "percent": 10}}


async def start(runner: Shopper, **terms: Any) -> str:
    reply = await runner.do("POST", "/api/promotions", {**TEN_PERCENT, **terms}, 201)
    return str(reply["promotionId"])


async def uses(house: House, promotion_id: str) -> tuple[int, int]:
    """Sold and held."""
    item = await house.state(uses_of(promotion_id))
    return item.committed, item.held
