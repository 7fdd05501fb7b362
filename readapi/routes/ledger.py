"""The ledger: what a seller earned and is owed, and what stands on every account of the marketplace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from domain.books.ledger import SELLER, seller
from domain.money import Money
from projections.ledger.projector import ACCOUNT_ROWS, ENTRY_ROWS, AccountRow, EntryRow
from projections.views import LISTED_MAX, Entry
from readapi.caching.ready import answer
from readapi.consistency import at_history_position, at_position
from readapi.edge.openapi import problem_responses, signed_in
from readapi.edge.paging import LIMIT_MAX, CursorParameter, Limit, page
from readapi.edge.principal import AdminPrincipal, Principal, RequiredPrincipal
from readapi.edge.problems import BadParameter
from readapi.instants import CHARS_MAX, instant
from readapi.lists import List, page_of
from readapi.ownshops import OWN, require_manager, shop_row
from readapi.services import ReadServices
from readapi.shapes.books import LedgerAccountList, ShopLedger
from readapi.sifted import UNBOUNDED, between, sifted_page
from readapi.tables import major, table

router = APIRouter(tags=["money"])
PARTS = {"goods": "goods", "shipping": "shipping", "fee": "fee", "giftCard": "gift_card"}
"""What an entry shows apart, by the ``what`` of its postings."""
TABLE_ENTRIES_MAX = 20_000
OF_ENTRIES = ("entryId", "at", "kind", "orderId", *PARTS, "total", "currency")
Instant = Annotated[str | None, Query(max_length=CHARS_MAX, examples=["2026-11-01T00:00:00Z"])]
From = Annotated[Instant, Query(alias="from", description="moved at this instant or later")]
To = Annotated[Instant, Query(description="moved before this instant")]


class _Period:
    """A shop's entries between two instants, or all of them. Raises BadParameter."""

    def __init__(self, shop_id: str, begin: From = None, to: To = None) -> None:
        self.between = between(begin, to)
        said = "" if self.between == UNBOUNDED else f":{self.between.first}:{self.between.end}"
        self.listed = List(
            f"ledger:{shop_id}{said}", ENTRY_ROWS.name, "shop", shop_id, lambda one: one.row.at, newest_first=True
        )


Period = Annotated[_Period, Depends(_Period)]


@router.get(
    "/api/shops/{shop_id}/ledger",
    summary="What the shop earned, newest first, and what it is owed",
    responses={200: {"model": ShopLedger}, **OWN},
    openapi_extra=signed_in(),
)
async def shop_ledger(
    request: Request,
    shop_id: str,
    principal: RequiredPrincipal,
    period: Period,
    cursor: CursorParameter = None,
    limit: Limit = 20,
) -> Response:
    """One entry for each time money of an order with this shop's goods moved. Follows a payment within moments. With
    `from` or `to` only what moved then, without `prev`; `due` is what the shop is owed by now all the same."""
    position = await _at_own(request, principal, shop_id)
    services: ReadServices = request.app.state.services
    standing = await services.views.listed(ACCOUNT_ROWS.name, "account", seller(shop_id), limit=LISTED_MAX)
    due = [Money(-entry.row.balance, entry.row.currency) for entry in standing]
    if period.between != UNBOUNDED:
        some = await sifted_page(request, services.views, period.listed, cursor, limit, _shown, period.between)
        return answer({**page(some.items, next=some.next), "due": due}, position)
    found = await page_of(request, services.views, period.listed, cursor, limit)
    items = [entry_json(entry.row) for entry in found.entries]
    return answer({**page(items, next=found.next, prev=found.prev), "due": due}, position)


@router.get(
    "/api/shops/{shop_id}/ledger.csv",
    summary="What the shop earned, as a table",
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, **OWN},
    openapi_extra=signed_in(),
)
async def shop_ledger_table(request: Request, shop_id: str, principal: RequiredPrincipal, period: Period) -> Response:
    """A row for each entry, the newest first, amounts with their point. With more than 20,000 of them it is refused, to
    be asked for by `from` and `to`. For spreadsheets: marked as UTF-8."""
    position = await _at_own(request, principal, shop_id)
    services: ReadServices = request.app.state.services
    rows: list[list[Any]] = []
    cursor: str | None = None
    while True:
        found = await sifted_page(request, services.views, period.listed, cursor, LIMIT_MAX, _shown, period.between)
        rows += map(_row, found.items)
        cursor = found.next
        if len(rows) > TABLE_ENTRIES_MAX:
            raise BadParameter("query", "from", f"more than {TABLE_ENTRIES_MAX} entries: say from and to")
        if cursor is None:
            return table(f"ledger-{shop_id}.csv", OF_ENTRIES, rows, position)


async def _at_own(request: Request, principal: Principal, shop_id: str) -> int:
    """The position of what is shown to whoever runs the shop. Raises NotFound, Forbidden."""
    await at_position(request)
    position = await at_history_position(request)
    require_manager(principal, await shop_row(request.app.state.services, shop_id))
    return position


async def _shown(entries: Sequence[Entry]) -> list[Any]:
    return [entry_json(entry.row) for entry in entries]


def _row(item: dict[str, Any]) -> list[Any]:
    """No cell of it was written by people."""
    amounts = [item[name] for name in (*PARTS, "total")]
    told = [item["entryId"], item["at"], item["kind"], item["orderId"] or ""]
    return [*told, *map(major, amounts), item["total"].currency]


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
