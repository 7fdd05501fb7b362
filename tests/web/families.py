"""A product of several variants, on sale."""

from __future__ import annotations

from tests.e2e.market import Seller
from tests.e2e.shopper import fresh_key


async def shirts(seller: Seller) -> tuple[str, str, str]:
    """The product, a red one and a blue one of it."""
    prefix = fresh_key()[4:12].upper()
    variants = [{"sku": f"{prefix}-{colour}", "attributes": {"colour": colour}} for colour in ("red", "blue")]
    await seller.describes("Linen shirt", axes=["colour"], variants=variants)
    for variant in variants:
        await seller.sells(sku=str(variant["sku"]))
    return seller.products[f"{prefix}-red"], f"{prefix}-red", f"{prefix}-blue"
