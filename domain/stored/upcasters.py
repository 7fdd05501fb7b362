"""Old shapes of events, lifted to today's.

One pure function per step, from the plain data of version n to that of n + 1. A step once released is never edited;
the corpus in ``tests/domain/corpus`` holds every stored shape there ever was and must fold for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Data = dict[str, Any]


def order_placed_1(data: Data) -> Data:
    """Version 1 stored no limits, backorders or holds of the cart."""
    return {"limits": {}, "backorder": [], "cart_holds": [], **data}


def cart_checked_out_1(data: Data) -> Data:
    """Version 1 took whole lines."""
    return {"taken": {}, **data}


def cart_merged_1(data: Data) -> Data:
    """Version 1 knew no coupons."""
    return {"coupons": [], **data}


def cart_reopened_1(data: Data) -> Data:
    """Version 1 knew no coupons."""
    return {"coupons": [], **data}


def order_placed_2(data: Data) -> Data:
    """Version 2 priced without promotions, and a quote that names none has none."""
    return data


def order_placed_3(data: Data) -> Data:
    """Version 3 took the money at once, and nobody looked at orders."""
    return {"capture": "", "capture_at": 0, "review": [], "review_within": 0, **data}


def order_placed_4(data: Data) -> Data:
    """Version 4 was paid for by the payment method alone."""
    return {"gift_card": None, **data}


def order_refund_granted_1(data: Data) -> Data:
    """Version 1 gave everything back to the payment method."""
    return {"gift_card": None, **data}


def shipment_packed_1(data: Data) -> Data:
    """Version 1 was packed when the money was there, so none waited with its carrier."""
    return {"carrier": "", "tracking": "", **data}


def shipment_packed_2(data: Data) -> Data:
    """Version 2 was paid with the whole order."""
    return {"due": None, **data}


def payment_authorization_requested_1(data: Data) -> Data:
    """Version 1 was captured at once."""
    return {"in_parts": False, **data}


def payment_authorized_1(data: Data) -> Data:
    """Version 1 did not say for how long."""
    return {"until": 0, **data}


def payment_part_1(data: Data) -> Data:
    """Version 1 was captured at once."""
    return {"part": "", **data}


def payment_voided_1(data: Data) -> Data:
    """Version 1 let all of it go."""
    return {"amount": None, **data}


def payment_intent(data: Data) -> Data:
    """The version before made the key of an intent from its event's id alone."""
    return {"placed_at": 0, **data}


def order_cancelled_1(data: Data) -> Data:
    """Version 1 called off everything, and kept no note of it."""
    return {"units": {}, "note": b"", **data}


def stock_uncommitted_1(data: Data) -> Data:
    """Version 1 undid whole sales."""
    return {"cause": "", **data}


def payment_refund_1(data: Data) -> Data:
    """Version 1 knew one refund of a payment, that of whatever was captured; it had no id, and needs none."""
    return {"refund_id": "", **data}


def payment_refund_refused_1(data: Data) -> Data:
    """Version 1 knew no disputes: every refund that was refused had been asked of the provider."""
    return {"amount": None, **data}


def wishlist_item_wished_1(data: Data) -> Data:
    """Version 1 did not say whether it could be had."""
    return {"sold_out": False, **data}


STEPS: dict[tuple[str, int], Callable[[Data], Data]] = {
    ("cart.checked_out", 1): cart_checked_out_1,
    ("cart.merged", 1): cart_merged_1,
    ("cart.reopened", 1): cart_reopened_1,
    ("order.cancelled", 1): order_cancelled_1,
    ("order.placed", 1): order_placed_1,
    ("order.placed", 2): order_placed_2,
    ("order.placed", 3): order_placed_3,
    ("order.placed", 4): order_placed_4,
    ("order.refund_granted", 1): order_refund_granted_1,
    ("order.shipment_packed", 1): shipment_packed_1,
    ("order.shipment_packed", 2): shipment_packed_2,
    ("payment.authorization_requested", 1): payment_authorization_requested_1,
    ("payment.authorization_requested", 2): payment_intent,
    ("payment.authorized", 1): payment_authorized_1,
    ("payment.capture_requested", 1): payment_part_1,
    ("payment.capture_requested", 2): payment_intent,
    ("payment.captured", 1): payment_part_1,
    ("payment.void_requested", 1): payment_intent,
    ("payment.voided", 1): payment_voided_1,
    ("payment.refund_requested", 1): payment_refund_1,
    ("payment.refund_requested", 2): payment_intent,
    ("payment.refund_refused", 1): payment_refund_refused_1,
    ("payment.refunded", 1): payment_refund_1,
    ("stock.uncommitted", 1): stock_uncommitted_1,
    ("wishlist.item_wished", 1): wishlist_item_wished_1,
}


def upcast(name: str, version: int, current: int, data: Data) -> Data:
    """Lifts ``data`` step by step; a missing step is a bug, since every step is registered here with its version."""
    while version < current:
        data = STEPS[(name, version)](data)
        version += 1
    return data
