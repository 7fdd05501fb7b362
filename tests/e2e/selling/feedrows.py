"""Rows as merchants' feeds have them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from typing import Any

from tests.e2e.market import Seller

LETTERS = "bcdfghklmnprstvw"


class Beds:
    """Rows of goods that no other test has."""

    def __init__(self) -> None:
        self.word = "".join(secrets.choice(LETTERS) for _ in range(8))

    def sku(self, number: int) -> str:
        return f"{self.word.upper()}-{number}"

    def row(self, number: int, **more: Any) -> dict[str, Any]:
        return {"title": f"Bed {self.word} {number}", "variants": [{"sku": self.sku(number)}], **more}

    def offer(self, number: int, amount: int = 4_900) -> dict[str, Any]:
        return {"sku": self.sku(number), "price": {"amount": amount, "currency": "USD"}}

    async def described(self, seller: Seller, number: int) -> list[str]:
        """So many, as the shop has them already; their SKUs."""
        return [await seller.describes(variants=[{"sku": self.sku(one)}]) for one in range(number)]


def lines(rows: Iterable[Any]) -> bytes:
    """What is bytes already is left as it is."""
    return b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows)
