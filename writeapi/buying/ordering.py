"""Who may do what with an order: its buyer, the sellers of its lines, and administrators."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from commands.vault import PersonErased
from domain.buyers.account import ErasedAccount
from domain.errors import IllegalTransition, Invalid, NotFound
from domain.orders import order
from domain.sellers.shop import OpenedShop
from readapi.edge.ids import require_id
from readapi.edge.principal import Principal
from readapi.edge.schemas import Line200, looks_like_card_number
from writeapi.requests import Body
from writeapi.services import WriteServices

PlacedOrder = order.OpenOrder | order.PaidOrder | order.CancelledOrder


def no_card_number(text: str) -> str:
    if looks_like_card_number(text):
        raise ValueError("this looks like a card number")
    return text


Said = Annotated[Line200, AfterValidator(no_card_number)]


class SomeUnits(Body):
    """Without a quantity, all of the line that are left."""

    line_id: Annotated[str, Field(max_length=40, examples=["lin_01KARQ0000ABCDEFGHJKMNPQRS"])]
    quantity: Annotated[int, Field(ge=1, le=1_000_000, examples=[1])] | None = None


Lines = Annotated[list[SomeUnits], Field(max_length=order.LINES_MAX)]


def units_of(lines: list[SomeUnits]) -> dict[str, int | None]:
    """By line. Raises Invalid for a line that is named twice."""
    units = {line.line_id: line.quantity for line in lines}
    if len(units) < len(lines):
        raise Invalid("a line is named twice", "/lines")
    return units


async def order_of(services: WriteServices, order_id: str) -> PlacedOrder:
    """Raises NotFound."""
    state: order.Order = await services.engine.state(require_id("order", order_id, "order"))
    if isinstance(state, order.NoOrder):
        raise NotFound("no such order")
    return state


async def require_address(services: WriteServices, order_id: str) -> None:
    """Raises NotFound, and IllegalTransition where the buyer was erased and the address with him."""
    state = await order_of(services, order_id)
    if isinstance(await services.engine.state(state.placed.account_id), ErasedAccount):
        raise IllegalTransition("the buyer was erased, and the address too: call off what is not packed")


def is_buyers(state: PlacedOrder, principal: Principal) -> bool:
    """Whether it is the principal's own order, or the principal is an administrator."""
    return state.placed.account_id == principal.account_id or "admin" in principal.scopes


async def own_shops(services: WriteServices, principal: Principal, state: PlacedOrder) -> list[str]:
    """Those of the order's shops that the principal may act for. Raises NotFound when there are none."""
    shops = dict.fromkeys(line.shop_id for line in state.placed.quote.lines)
    own = [shop_id for shop_id in shops if await may_act_for(services, principal, shop_id)]
    if not own:
        raise NotFound("no such order")
    return own


async def may_act_for(services: WriteServices, principal: Principal, shop_id: str) -> bool:
    shop = await services.engine.state(shop_id)
    owner = isinstance(shop, OpenedShop) and shop.owner_id == principal.account_id
    return owner or "admin" in principal.scopes


def sealed(services: WriteServices, state: PlacedOrder, **written: Any) -> bytes:
    """What somebody wrote of an order, for the log: readable as long as the buyer is not erased. Empty if nothing."""
    if not any(written.values()):
        return b""
    try:
        return services.vault.seal(state.placed.account_id, written)
    except PersonErased:
        return b""
