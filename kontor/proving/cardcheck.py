"""What must hold after every event of a gift card: no value is lost or made, and what an order takes ends once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.money import Money
from domain.payments import giftcard
from domain.payments.giftcard import GiftCardState
from domain.recorded import Meta
from kontor.proving.invariants import Elsewhere


class GiftCardCheck:
    """Keeps books of its own: what each order has reserved and redeemed, and what was given back of it."""

    def __init__(self, stream: str, elsewhere: Elsewhere) -> None:
        self._stream = stream
        self._elsewhere = elsewhere
        self._value: Money | None = None
        self._reserved: dict[str, int] = {}
        self._redeemed: dict[str, int] = {}
        self._released: set[str] = set()
        self._back: dict[tuple[str, str], int] = {}

    def __call__(self, position: int, event: Any, meta: Meta, before: Any, after: GiftCardState) -> str | None:
        amount = event.value if isinstance(event, giftcard.GiftCardIssued) else getattr(event, "amount", None)
        refused = isinstance(event, giftcard.GiftCardRefused)
        if amount is not None and not refused and (wrong := self._wrong_amount(amount)):
            return wrong
        return self._moved(position, event) or self._sums(after)

    def _wrong_amount(self, amount: Money) -> str | None:
        if amount.amount < 1:
            return f"moves {amount}"
        if self._value is not None and amount.currency != self._value.currency:
            return f"{amount.currency} on a card of {self._value.currency}"
        return None

    def _moved(self, position: int, event: Any) -> str | None:
        match event:
            case giftcard.GiftCardIssued(value=value):
                twice, self._value = self._value is not None, value
                return "issued a second time" if twice else None
            case giftcard.GiftCardReserved(order_id=order_id, amount=amount):
                if order_id in self._reserved.keys() | self._redeemed.keys() | self._released:
                    return f"{order_id} reserves a second time"
                self._reserved[order_id] = amount.amount
            case giftcard.GiftCardReleased(order_id=order_id, amount=amount):
                self._released.add(order_id)
                return self._ends(order_id, amount)
            case giftcard.GiftCardRedeemed(order_id=order_id, amount=amount):
                self._redeemed[order_id] = amount.amount
                return self._ends(order_id, amount)
            case giftcard.GiftCardRefunded():
                return self._given_back(position, event)
        return None

    def _ends(self, order_id: str, amount: Money) -> str | None:
        reserved = self._reserved.pop(order_id, None)
        return None if reserved == amount.amount else f"{order_id} ends {amount}, reserved were {reserved}"

    def _given_back(self, position: int, event: giftcard.GiftCardRefunded) -> str | None:
        order_id, refund_id, amount = event.order_id, event.refund_id, event.amount
        if (order_id, refund_id) in self._back:
            return f"refund {refund_id!r} of {order_id} is given back a second time"
        self._back[order_id, refund_id] = amount.amount
        back = sum(given for (order, _), given in self._back.items() if order == order_id)
        if back > self._redeemed.get(order_id, 0):
            return f"{back} given back to {order_id}, {self._redeemed.get(order_id, 0)} redeemed"
        if refund_id == giftcard.THE_REST:
            return None
        granted = self._elsewhere.granted_to_card(order_id, refund_id, position)
        return None if granted == amount else f"{amount} given back as {refund_id!r}, owed is {granted}"

    def _sums(self, after: GiftCardState) -> str | None:
        known: tuple[Mapping[Any, int], ...] = (self._reserved, self._redeemed, self._back)
        reserved, redeemed, back = (sum(amounts.values()) for amounts in known)
        value = self._value.amount if self._value is not None else 0
        left = value - reserved - redeemed + back
        if left < 0:
            return f"{-left} more reserved and redeemed than the card is worth"
        stated = after.balance if isinstance(after, giftcard.GiftCard) else 0
        return None if stated == left else f"a balance of {stated}, {left} are left"
