"""The ledger: what a seller earned and is owed, and what stands on every account of the marketplace."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from domain.books.ledger import SELLER, seller
from domain.money import Money
from projections.ledger.projector import ACCOUNT_ROWS, ENTRY_ROWS, AccountRow, EntryRow
from projections.views import LISTED_MAX
from readapi.caching.ready import answer
from readapi.consistency import at_history_position, at_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import CursorParameter, Limit, page
from readapi.edge.principal import AdminPrincipal, RequiredPrincipal
from readapi.instants import instant
from readapi.lists import List, page_of
from readapi.routes.shops import OWN, manage, shop_row
from readapi.services import ReadServices
from readapi.shapes.books import LedgerAccountList, ShopLedger

router = APIRouter(tags=["money"])
PARTS = {"goods": "goods", "shipping": "shipping", "fee": "fee", "giftCard": "gift_card"}
"""What an entry shows apart, by the ``what`` of its postings."""


@router.get(
    "/api/shops/{shop_id}/ledger",
    summary="What the shop earned, newest first, and what it is owed",
    responses={200: {"model": ShopLedger}, **OWN},
    openapi_extra=signed_in(),
)
async def shop_ledger(
    request: Request, shop_id: str, principal: RequiredPrincipal, cursor: CursorParameter = None, limit: Limit = 20
) -> Response:
    """One entry for each time money of an order with this shop's goods moved. Follows a payment within moments."""
    await at_position(request)
    position = await at_history_position(request)
    services: ReadServices = request.app.state.services
    manage(principal, await shop_row(services, shop_id))
    listed = List(f"ledger:{shop_id}", ENTRY_ROWS.name, "shop", shop_id, lambda entry: entry.row.at, newest_first=True)
    found = await page_of(request, services.views, listed, cursor, limit)
    standing = await services.views.listed(ACCOUNT_ROWS.name, "account", seller(shop_id), limit=LISTED_MAX)
    items = [entry_json(entry.row) for entry in found.entries]
    due = [Money(-entry.row.balance, entry.row.currency) for entry in standing]
    return answer({**page(items, next=found.next, prev=found.prev), "due": due}, position)


@router.get(
    "/api/admin/ledger",
    summary="Every account and what stands on it",
    responses={
        200: {"model": LedgerAccountList},
        **problem_responses("unauthenticated", "forbidden", "position_not_reached"),
    },
    openapi_extra=signed_in(),
)
async def accounts(
    request: Request, principal: AdminPrincipal, cursor: CursorParameter = None, limit: Limit = 20
) -> Response:
    """By name and currency. All balances of a currency sum to zero."""
    position = await at_history_position(request)
    services: ReadServices = request.app.state.services
    found = await page_of(request, services.views, List("ledger", ACCOUNT_ROWS.name, "all", "all"), cursor, limit)
    items = [account_json(entry.row) for entry in found.entries]
    return answer(page(items, next=found.next, prev=found.prev), position)


def entry_json(row: EntryRow) -> dict[str, Any]:
    amounts = {name: Money(row.amounts.get(what, 0), row.currency) for name, what in PARTS.items()}
    return {
        "entryId": row.cause,
        "orderId": row.order_id or None,
        "kind": row.kind,
        **amounts,
        "total": Money(sum(row.amounts.values()), row.currency),
        "at": instant(row.at),
    }


def account_json(row: AccountRow) -> dict[str, Any]:
    return {
        "account": row.account,
        "shopId": row.account.removeprefix(SELLER) if row.account.startswith(SELLER) else None,
        "debits": Money(row.debits, row.currency),
        "credits": Money(row.credits, row.currency),
        "balance": Money(row.balance, row.currency),
        "createdAt": instant(row.created_at),
        "updatedAt": instant(row.updated_at),
        "version": row.version,
    }
