"""Prefixed, time-sortable identifiers (ULID layout: 48 bits of milliseconds, 80 bits of entropy, Crockford base 32).

The domain reads no clock and draws no random numbers, so both arrive as arguments.
Layout: https://github.com/ulid/spec
"""

from __future__ import annotations

import hashlib

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [a + b for a in _ALPHABET for b in _ALPHABET]

PREFIXES = {
    "product": "prd",
    "order": "ord",
    "cart": "crt",
    "shop": "shp",
    "account": "usr",
    "payment": "pay",
    "address": "adr",
    "payment_method": "pmt",
    "offer": "off",
    "drop": "drp",
    "stock": "stk",
    "claim": "clm",
    "line": "lin",
    "promotion": "prm",
    "shipment": "shi",
    "refund": "rfd",
    "cancellation": "can",
    "return": "ret",
    "subscription": "sub",
    "delivery": "dlv",
    "difference": "dif",
    "round": "rnd",
    "ledger": "led",
    "wishlist": "wsl",
    "watch": "wch",
    "review": "rvw",
    "seller": "srt",
    "giftcard": "gft",
    "merchantfeed": "mfd",
    "feed_run": "run",
    "push": "psh",
    "media": "med",
    "picture": "pic",
    "category": "cat",
    "rule": "rul",
    "reset": "rst",
}


def ulid(at_ms: int, entropy: bytes) -> str:
    """26 characters that sort by ``at_ms`` (milliseconds since 1970); ``entropy`` is 10 bytes."""
    assert len(entropy) == 10, len(entropy)
    assert 0 <= at_ms < 1 << 48, at_ms
    value = (at_ms << 80) | int.from_bytes(entropy, "big")
    pairs = [""] * 13
    for i in range(12, -1, -1):
        pairs[i] = _PAIRS[value & 1023]
        value >>= 10
    return "".join(pairs)


def new_id(kind: str, at_ms: int, entropy: bytes) -> str:
    return f"{PREFIXES[kind]}_{ulid(at_ms, entropy)}"


def drawn_at(some_id: str) -> int:
    """Milliseconds since 1970 that an id of a ULID begins with."""
    at = 0
    for digit in some_id.partition("_")[2][:10]:
        at = at * 32 + _ALPHABET.index(digit)
    return at


def derived_id(kind: str, at_ms: int, *parts: str) -> str:
    """The same parts give the same id: a repeated request addresses the same aggregate."""
    return new_id(kind, at_ms, hashlib.sha256("\x1f".join(parts).encode()).digest()[:10])


def stock_id(shop_id: str, sku: str) -> str:
    return f"stk_{shop_id}.{sku}"


def offer_id(shop_id: str, sku: str) -> str:
    return f"off_{shop_id}.{sku}"


def claim_id(kind: str, value: str) -> str:
    return f"clm_{kind}.{value}"


def rest_id(order_id: str) -> str:
    """Of the refund of whatever is left when a whole order is called off; it carries the order's own number."""
    return "rfd_" + order_id.removeprefix("ord_")


def unsent_id(order_id: str) -> str:
    """Of the cancellation of what nobody will send any more, since its money is gone or goes back; likewise, for that
    happens once. Nobody wished for it."""
    return "can_" + order_id.removeprefix("ord_")


def delivery_id(subscription_id: str) -> str:
    """What is told to a subscriber is a stream with the subscription's own number."""
    return "dlv_" + subscription_id.removeprefix("sub_")


def payment_id(order_id: str) -> str:
    """An order has one payment, and it carries the order's own number."""
    return "pay_" + order_id.removeprefix("ord_")
