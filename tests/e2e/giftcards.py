"""Gift cards, as those who issue them over HTTP get them."""

from __future__ import annotations

from typing import Any, NamedTuple

from tests.e2e.shopper import Shopper, fresh_key

UNKNOWN = "K7Q4-M0ZX-A2B4-R9S1"
"""A code as codes are, of no card."""


class Card(NamedTuple):
    gift_card_id: str
    code: str


def usd(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "USD"}


async def issue(issuer: Shopper, amount: int, **terms: Any) -> Card:
    body = {"value": usd(amount), **terms}
    reply = await issuer.do("POST", "/api/gift-cards", body, 201, Idempotency_Key=fresh_key())
    return Card(reply["giftCardId"], reply["code"])


async def balance(who: Shopper, card: Card) -> tuple[int, int]:
    """What can be spent, and what is reserved."""
    body = await who.do("POST", "/api/gift-cards/balance", {"code": card.code})
    return body["balance"]["amount"], body["reserved"]["amount"]
