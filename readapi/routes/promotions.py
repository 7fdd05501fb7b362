"""Promotions, for those who run them: of a shop, for its owner; of the marketplace, for administrators."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import NotFound
from domain.pricing.promotion import Amount, Benefit, BuyGet, FreeShipping, Percent
from projections.promotions.projector import PROMOTION_ROWS, PromotionRow
from readapi.caching.ready import answer
from readapi.consistency import at_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.principal import RequiredPrincipal
from readapi.instants import instant
from readapi.routes.run import ShopParameter, newest_of, require_runner
from readapi.services import ReadServices
from readapi.shapes.promotions import PromotionList, PromotionOut

router = APIRouter(tags=["promotions"])
OWN = problem_responses("unauthenticated", "forbidden", "not_found", "position_not_reached")


@router.get(
    "/api/promotions",
    summary="Promotions, newest first",
    responses={200: {"model": PromotionList}, **OWN},
    openapi_extra=signed_in(),
)
async def list_promotions(
    request: Request,
    principal: RequiredPrincipal,
    shop_id: ShopParameter = "",
    cursor: CursorParameter = None,
    limit: Limit = 20,
) -> Response:
    """Of one shop, or without ``shopId`` of the marketplace; ended ones as well."""
    position = await at_position(request)
    services: ReadServices = request.app.state.services
    await require_runner(services, principal, shop_id, "promotions")
    found = await newest_of(request, PROMOTION_ROWS, shop_id, cursor, limit)
    items = [promotion_json(entry.key, entry.row) for entry in found.entries]
    return answer(page(items, next=found.next, prev=found.prev), position)


@router.get(
    "/api/promotions/{promotion_id}",
    summary="A promotion",
    responses={200: {"model": PromotionOut}, **OWN},
    openapi_extra=signed_in(),
)
async def get_promotion(request: Request, promotion_id: str, principal: RequiredPrincipal) -> Response:
    position = await at_position(request)
    services: ReadServices = request.app.state.services
    row: PromotionRow | None = await services.views.get(PROMOTION_ROWS.name, promotion_id)
    if row is None:
        raise NotFound("no such promotion")
    await require_runner(services, principal, row.terms.scope.shop_id, "promotions")
    return answer(promotion_json(promotion_id, row), position)


def promotion_json(promotion_id: str, row: PromotionRow) -> dict[str, Any]:
    terms = row.terms
    return {
        "promotionId": promotion_id,
        "name": terms.name,
        "benefit": _benefit(terms.benefit),
        "shopId": terms.scope.shop_id or None,
        "categories": terms.scope.categories,
        "skus": terms.scope.skus,
        "code": terms.code or None,
        "minSpend": terms.min_spend,
        "minUnits": terms.min_units,
        "countries": terms.countries,
        "group": terms.group or None,
        "startsAt": instant(terms.starts_at) if terms.starts_at else None,
        "endsAt": instant(terms.ends_at) if terms.ends_at else None,
        "priority": terms.priority,
        "exclusive": terms.exclusive,
        "limit": terms.limit,
        "limitPerAccount": terms.limit_per_account,
        "ended": row.ended,
        "createdAt": instant(row.created_at),
        "updatedAt": instant(row.updated_at),
        "version": row.version,
    }


def _benefit(benefit: Benefit) -> dict[str, Any]:
    match benefit:
        case Percent(rate_ppm):
            return {"kind": "percent", "percent": _percent(rate_ppm)}
        case Amount(amount):
            return {"kind": "amount", "amount": amount}
        case BuyGet(buy, get, rate_ppm):
            return {"kind": "buy_get", "buy": buy, "get": get, "percent": _percent(rate_ppm)}
        case FreeShipping():
            return {"kind": "free_shipping"}


def _percent(rate_ppm: int) -> float:
    return rate_ppm / 10_000
