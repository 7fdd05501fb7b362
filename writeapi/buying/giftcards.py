"""Gift cards by their codes: what one has, and what it pays of a quote. Answered by the cards themselves, so that what
was spent a moment ago is gone."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from pydantic import BeforeValidator, Field
from starlette.requests import Request

from domain.errors import GiftCardUnusable
from domain.money import Money
from domain.orders.tender import Covered, payable
from domain.payments.giftcard import GiftCard, unusable
from domain.payments.giftcode import TYPED_MAX, card_of
from domain.pricing.pricing import Quote
from readapi.edge.principal import edge_of
from readapi.edge.ratelimit import client_of
from readapi.edge.schemas import no_card_number
from writeapi.requests import services_of

Code = Annotated[
    str,
    Field(min_length=1, max_length=TYPED_MAX, examples=["K7Q4-M0ZX-A2B4-R9S1"]),
    BeforeValidator(no_card_number),
]
NOTHING_TO_PAY = "nothing_to_pay"
WHY = {
    "unknown": "no gift card has this code",
    "disabled": "this gift card was disabled",
    "expired": "this gift card has expired",
    "currency": "this gift card is of another currency than the order",
    "empty": "nothing is left on this gift card",
    "used_up": "this gift card was part of too many orders; ask whoever issued it for another",
    NOTHING_TO_PAY: "there is nothing in this order that this gift card could pay for",
}


class Found(NamedTuple):
    gift_card_id: str
    card: GiftCard


async def find_card(request: Request, code: str) -> Found | None:
    """None for whatever is no card's code. To try codes uses up a quota, to know one does not. Raises RateLimited."""
    services, limiter, client = services_of(request), edge_of(request).limiter, client_of(request.scope)
    limiter.attempt("gift_card", client)
    gift_card_id = card_of(services.vault.secrets.gift_card_key, code)
    card = await services.engine.state(gift_card_id) if gift_card_id else None
    if not isinstance(card, GiftCard):
        return None
    limiter.give_back("gift_card", client)
    return Found(gift_card_id, card)


async def covered_by(request: Request, code: str, quote: Quote, now: int) -> tuple[Covered, GiftCard]:
    """What the card pays of the quote. Raises GiftCardUnusable with a reason of ``WHY``, and RateLimited."""
    found = await find_card(request, code)
    if found is None:
        raise _unusable("unknown")
    currency = quote.totals.grand.currency
    most = payable(found.card, quote)
    reason = unusable(found.card, currency, now) or ("" if most else NOTHING_TO_PAY)
    if reason:
        raise _unusable(reason)
    return Covered(found.gift_card_id, Money(min(found.card.balance, most), currency)), found.card


def _unusable(reason: str) -> GiftCardUnusable:
    return GiftCardUnusable(reason, WHY[reason])
