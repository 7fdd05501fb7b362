"""Search rules, for the administrators who make them."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from domain.catalog.rule import Margin, Placement, Restriction, Scope, Synonyms
from domain.errors import NotFound
from projections.rules.projector import RULE_ROWS, RuleRow
from readapi.caching.ready import answer
from readapi.consistency import at_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.principal import AdminPrincipal
from readapi.instants import instant
from readapi.lists import List, page_of
from readapi.services import ReadServices
from readapi.shapes.shape import Listed, Versioned

router = APIRouter(tags=["search rules"])
PATH = "/api/admin/search/rules"
OWN = problem_responses("unauthenticated", "forbidden", "position_not_reached")
ALL = List("rules", RULE_ROWS.name, "all", "", lambda entry: entry.row.created_at, newest_first=True)


class RuleOut(Versioned):
    """The fields that its kind has, as it was put."""

    rule_id: str = Field(examples=["rul_01KARQ0000ABCDEFGHJKMNPQRS"])
    kind: str = Field(examples=["placement"])
    phrases: list[str] | None = None
    finds: list[str] | None = None
    query: str | None = Field(None, examples=["sofa"])
    pinned: list[str] | None = None
    buried: list[str] | None = None
    regions: list[str] | None = None
    reason: str | None = None
    categories: list[list[str]] | None = None
    brands: list[str] | None = None
    product_ids: list[str] | None = None
    percent: float | None = None


class RuleList(Listed):
    items: list[RuleOut]


@router.get(
    PATH, summary="Search rules, newest first", responses={200: {"model": RuleList}, **OWN}, openapi_extra=signed_in()
)
async def list_rules(
    request: Request, principal: AdminPrincipal, cursor: CursorParameter = None, limit: Limit = 20
) -> Response:
    position = await at_position(request)
    services: ReadServices = request.app.state.services
    found = await page_of(request, services.views, ALL, cursor, limit)
    items = [rule_json(entry.key, entry.row) for entry in found.entries]
    return answer(page(items, next=found.next, prev=found.prev), position)


@router.get(
    PATH + "/{rule_id}",
    summary="A search rule",
    responses={200: {"model": RuleOut}, **OWN, **problem_responses("not_found")},
    openapi_extra=signed_in(),
)
async def get_rule(request: Request, rule_id: str, principal: AdminPrincipal) -> Response:
    position = await at_position(request)
    services: ReadServices = request.app.state.services
    row: RuleRow | None = await services.views.get(RULE_ROWS.name, rule_id)
    if row is None:
        raise NotFound("no such rule")
    return answer(rule_json(rule_id, row), position)


def rule_json(rule_id: str, row: RuleRow) -> dict[str, Any]:
    return {
        "ruleId": rule_id,
        **_terms(row),
        "createdAt": instant(row.created_at),
        "updatedAt": instant(row.updated_at),
        "version": row.version,
    }


def _terms(row: RuleRow) -> dict[str, Any]:
    match row.terms:
        case Synonyms(phrases, finds):
            return {"kind": "synonyms", "phrases": phrases, "finds": finds}
        case Placement(query, pinned, buried):
            return {"kind": "placement", "query": query, "pinned": pinned, "buried": buried}
        case Restriction(regions, scope, reason):
            return {"kind": "restriction", "regions": regions, "reason": reason, **_scope(scope)}
        case Margin(scope, share_ppm):
            return {"kind": "margin", "percent": share_ppm / 10_000, **_scope(scope)}


def _scope(scope: Scope) -> dict[str, Any]:
    return {"categories": scope.categories, "brands": scope.brands, "productIds": scope.product_ids}
