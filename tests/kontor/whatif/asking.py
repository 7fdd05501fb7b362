"""Somebody who buys, and what a period would have been under other terms."""

from __future__ import annotations

from typing import Any

from kontor.proving.evidence import evidence
from kontor.whatif.report import Report
from kontor.whatif.terms import Changes
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, sign_up
from tests.kontor.whatif.conftest import asked

NEW = "prm_00000000000000000000000NEW"


async def buyer(house: House) -> Shopper:
    return await (await sign_up(house.http)).move_in()


async def reports(house: House, begin: int, **changes: Any) -> tuple[Report, Report]:
    """Under the same terms, and under others."""
    log = house.folder / "log.db"
    with evidence(log) as opened:
        head = opened.extent()[2]
    return await asked(log, begin, head), await asked(log, begin, head, Changes(**changes))


async def buys(who: Shopper, seller: Seller, sku: str, quantity: int = 2, **more: Any) -> dict[str, Any]:
    await who.add(sku, quantity)
    return await who.buy(**more)
