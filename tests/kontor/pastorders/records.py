"""Records as the data sets have them, for what their own first lines do not hold."""

from __future__ import annotations

from typing import Any


def olist_order(status: str = "delivered", **changes: Any) -> dict[str, Any]:
    return {
        "order_id": "o1",
        "status": status,
        "purchased_at": "2017-03-01T10:00:00",
        "approved_at": "2017-03-01T10:30:00",
        "carrier_at": "2017-03-02T10:00:00",
        "delivered_at": "2017-03-08T10:00:00",
        "estimated_delivery": "2017-03-20",
        "customer": {"unique_id": "u1", "zip_prefix": "01310", "city": "sao paulo", "state": "SP"},
        "items": [item()],
        "payments": [{"value": "25.50"}],
        **changes,
    }


def item(product: str = "p1", seller: str = "s1", price: str = "20.00", freight: str = "5.50") -> dict[str, Any]:
    return {"product_id": product, "seller_id": seller, "price": price, "freight": freight}


def invoice(number: str, at: str, *lines: dict[str, Any], kind: str = "sale", **changes: Any) -> dict[str, Any]:
    return {
        "invoice": number,
        "timestamp": at,
        "kind": kind,
        "customer_id": "17850",
        "country": "United Kingdom",
        "lines": list(lines),
        **changes,
    }


def line(sku: str = "22633", quantity: int = 6, price: str = "1.85", **changes: Any) -> dict[str, Any]:
    return {"sku": sku, "description": f"HAND WARMER {sku}", "quantity": quantity, "unit_price": price, **changes}


def cancelled(number: str, at: str, *lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return invoice(number, at, *lines, kind="cancellation", **changes)
