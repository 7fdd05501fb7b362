"""Whose seats are taken: of those who were let in, who has an order that holds or has bought units."""

from __future__ import annotations

from collections.abc import Collection

from commands.engine import Engine
from domain.claim import Claim
from domain.ids import claim_id
from domain.inventory.inventory import InventoryItem
from domain.orders.order import CancelledOrder, NoOrder
from streams.waiting.tokens import Ticket


def claim_of(ticket: Ticket) -> str:
    """That an admission was used is a claim in the log, whose owner is the order."""
    return claim_id("admission", f"{ticket.drop_id}.{ticket.account_id}.{ticket.number}")


class Orders:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sold: dict[str, set[Ticket]] = {}
        """With whose orders nothing more is going to happen soon, by drop; they are not looked at again."""

    async def standing(self, drop_id: str, tickets: Collection[Ticket], stock: InventoryItem) -> int:
        """How many of these have an order whose units ``stock`` has counted. An order that came to nothing, however
        late, has given its seat back: its buyer may use the admission once more.

        The engine must have heard of all that ``stock`` is made of. What it has heard of since is left out: units must
        not seem free that somebody is about to order.
        """
        sold = self._sold.setdefault(drop_id, set())
        sold &= set(tickets)
        held = 0
        for ticket in tickets:
            if ticket in sold:
                continue
            order_id = await self._order_of(ticket)
            if not order_id:
                continue
            if order_id in stock.holds:
                held += 1
            elif order_id in stock.settled:
                sold.add(ticket)
        return len(sold) + held

    async def _order_of(self, ticket: Ticket) -> str:
        """Empty where there is none, or none any more."""
        claim: Claim = await self._engine.state(claim_of(ticket))
        if not claim.owner:
            return ""
        gone = isinstance(await self._engine.state(claim.owner), NoOrder | CancelledOrder)
        return "" if gone else claim.owner

    def forget(self, drop_id: str) -> None:
        """The drop is over."""
        self._sold.pop(drop_id, None)
