"""A dispute that a bank opens and decides, and the order that it is about."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.e2e.house import House
from tests.e2e.shopper import Shopper


def grand(order: dict[str, Any]) -> dict[str, Any]:
    amount: dict[str, Any] = order["totals"]["grand"]
    return amount


async def dispute(house: House, order: dict[str, Any], amount: dict[str, Any] | None = None) -> Any:
    """Has the buyer's bank open one; a function with which it decides."""
    state, gateway = await house.state(order["payment"]["paymentId"]), house.provider
    wanted = type(state.amount)(**(amount or grand(order)))
    dispute_id = await gateway.open_dispute(state.reference, wanted)

    async def decide(verdict: str) -> None:
        await gateway.decide_dispute(state.reference, dispute_id, verdict)

    return decide


async def once_disputed(shopper: Shopper, order: dict[str, Any], status: str) -> dict[str, Any]:
    """The order once its dispute stands so."""
    for _ in range(500):
        found = await shopper.order(order["orderId"])
        if [one["status"] for one in found["disputes"]] == [status]:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(found["disputes"])
