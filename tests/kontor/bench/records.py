"""Records of products to grow a catalog from."""

from __future__ import annotations

from typing import Any

RECORDS: list[dict[str, Any]] = [
    {
        "id": str(number),
        "title": f"{brand} {model} {what}",
        "model": model,
        "brand": brand,
        "gtins": ["0095205603217"],
        "description": what,
        "product_type": None,
        "price_minor": 1_000 * number,
        "currency": "USD",
        "attributes": {"text": {"colour": "Black"}},
    }
    for number, (brand, model, what) in enumerate(
        [("Xerox", "006R90321", "toner cartridge"), ("Lenovo", "T61", "notebook"), ("Acme", "", "Garden chair")], 1
    )
]
