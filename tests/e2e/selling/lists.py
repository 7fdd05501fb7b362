"""Lists of a shop, read to their end."""

from __future__ import annotations

from typing import Any

from tests.e2e.market import Seller


async def every(seller: Seller, path: str) -> list[Any]:
    """All items, page by page, some of which may be empty."""
    found, cursor = [], ""
    while cursor is not None:
        answer = await seller.shopper.read(path + cursor)
        found += answer["items"]
        cursor = None if answer["next"] is None else f"&cursor={answer['next']}"
    return found
