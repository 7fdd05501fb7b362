"""Plain data of events in shapes that are not written any more; their files are in the corpus and stay as they are."""

from __future__ import annotations

from typing import Any

from tests.domain.corpus.parts import AT, ORDER


def usd(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "USD"}


OLD: dict[str, dict[str, Any]] = {
    "cart.checked_out@1": {"order_id": ORDER, "item_ids": ["lin_01K", "lin_02K"], "at": AT},
    "order.placed@1": {
        "account_id": "usr_01J",
        "cart_id": "crt_01J",
        "generation": 0,
        "quote": {
            "lines": [
                {
                    "lineId": "lin_01J",
                    "shopId": "shp_01J",
                    "sku": "PEN-1",
                    "productId": "prd_01J",
                    "title": "Pen",
                    "quantity": 2,
                    "unitPrice": usd(1999),
                    "tax": usd(330),
                    "total": usd(4328),
                    "discount": usd(0),
                }
            ],
            "totals": {
                "items": usd(3998),
                "discount": usd(0),
                "shipping": usd(0),
                "tax": usd(330),
                "grand": usd(4328),
            },
            "methods": [{"id": "standard", "name": "Standard", "amount": usd(0), "daysMin": 3, "daysMax": 5}],
            "method": "standard",
            "derivation": [
                {
                    "what": "lines/0/items",
                    "rule": "times",
                    "inputs": {"unit": 1999, "quantity": 2},
                    "amount": usd(3998),
                },
                {
                    "what": "totals/items",
                    "rule": "sum",
                    "inputs": {"of": ["lines/0/items"]},
                    "amount": usd(3998),
                },
                {
                    "what": "lines/0/tax",
                    "rule": "tax_added",
                    "inputs": {"of": "lines/0/items", "ratePpm": 82_500},
                    "amount": usd(330),
                },
                {
                    "what": "lines/0/total",
                    "rule": "sum",
                    "inputs": {"of": ["lines/0/items", "lines/0/tax"]},
                    "amount": usd(4328),
                },
                {"what": "totals/tax", "rule": "sum", "inputs": {"of": ["lines/0/tax"]}, "amount": usd(330)},
                {"what": "totals/grand", "rule": "sum", "inputs": {"of": ["lines/0/total"]}, "amount": usd(4328)},
            ],
            "unserviceable": [],
            "taxInclusive": False,
        },
        "address": b"\x00sealed\xff",
        "country": "US",
        "region": "CA",
        "payment_token": "pm_card_visa",
        "at": 1_762_000_000_000,
        "hold_until": 1_762_000_600_000,
    },
}
