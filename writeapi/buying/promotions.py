"""Which promotions a cart might get: those on the boards of the market and its sellers, and those of its coupons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from domain.buyers.account import ActiveAccount
from domain.claim import Claim
from domain.ids import claim_id
from domain.inventory.inventory import InventoryItem
from domain.pricing.board import Board, board_of
from domain.pricing.discounts import Shopper
from domain.pricing.promotion import LivePromotion, Terms, uses_of
from writeapi.services import Quoting


class Running(NamedTuple):
    """``terms`` by promotion id. ``refused`` are coupons that are good for nothing now, with the reason."""

    terms: dict[str, Terms]
    refused: dict[str, str]


async def running(services: Quoting, shops: Iterable[str], coupons: Iterable[str], account_id: str, at: int) -> Running:
    """Without those that are used up, altogether or by this account (empty: not signed in)."""
    found: dict[str, Terms] = {}
    refused: dict[str, str] = {}
    for shop_id in ("", *dict.fromkeys(shops)):
        board: Board = await services.engine.state(board_of(shop_id), keep_absent=True)
        for promotion_id in board.promotions:
            promotion = await services.engine.state(promotion_id)
            if isinstance(promotion, LivePromotion) and not await _why_not(
                services, promotion_id, promotion.terms, account_id, at
            ):
                found[promotion_id] = promotion.terms
    for code in coupons:
        promotion_id, promotion = await _of_code(services, code)
        if not isinstance(promotion, LivePromotion):
            refused[code] = "unknown"
            continue
        reason = await _why_not(services, promotion_id, promotion.terms, account_id, at)
        if reason:
            refused[code] = reason
        else:
            found[promotion_id] = promotion.terms
    return Running(found, refused)


async def _of_code(services: Quoting, code: str) -> tuple[str, object]:
    claim: Claim = await services.engine.state(claim_id("coupon", code))
    return claim.owner, await services.engine.state(claim.owner) if claim.owner else None


async def _why_not(services: Quoting, promotion_id: str, terms: Terms, account_id: str, at: int) -> str:
    """``not_started``, ``over`` or ``used_up``; empty when there is nothing against it."""
    if at < terms.starts_at:
        return "not_started"
    if not terms.runs_at(at):
        return "over"
    if not terms.counted:
        return ""
    uses: InventoryItem = await services.engine.state(uses_of(promotion_id))
    spent = terms.limit is not None and uses.available(at) <= 0
    limit = terms.limit_per_account
    mine = limit is not None and account_id != "" and uses.taken(account_id, (), at) >= limit
    return "used_up" if spent or mine else ""


WORDS = {
    "unknown": "no such coupon",
    "not_started": "this coupon is not valid yet",
    "over": "this coupon is not valid any more",
    "used_up": "this coupon is used up",
}


async def coupon_problem(services: Quoting, code: str, account_id: str, at: int) -> str:
    """Why the coupon is good for nothing now, as a sentence; empty when nothing speaks against it."""
    reason = (await running(services, (), (code,), account_id, at)).refused.get(code, "")
    return WORDS.get(reason, reason)


async def shopper_of(services: Quoting, account_id: str, coupons: Iterable[str], at: int) -> Shopper:
    account = await services.engine.state(account_id) if account_id else None
    groups = account.groups if isinstance(account, ActiveAccount) else ()
    return Shopper(at, frozenset(coupons), frozenset(groups))


def not_used(coupons: Iterable[str], known: Running, used: Iterable[str]) -> list[dict[str, str]]:
    """Coupons that took nothing off: used up and the like, or their conditions are not met by this cart."""
    spent = set(used)
    return [{"code": code, "reason": known.refused.get(code, "not_met")} for code in coupons if code not in spent]
