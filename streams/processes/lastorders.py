"""What becomes of the orders of somebody who is erased: the address goes, so what is not packed cannot be sent.

It is called off, and what was paid for it goes back the way it came. What is packed has its label and goes on.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from commands.context import Context
from commands.engine import Engine
from commands.errors import UnreadableStream
from domain.errors import DomainError
from domain.ids import derived_id
from domain.orders.aftersale import CancelLines
from domain.orders.order import CancelOrder, OpenOrder, Order, PaidOrder
from domain.orders.orderstate import to_send
from streams.standins.recentorders import order_ids_of

log = structlog.get_logger("erasure")


async def call_off(engine: Engine, account_id: str, context: Context) -> int:
    """Of the account's orders that its carts remember. The position at which that is done; 0 where nothing was to do.

    May be repeated. What cannot be called off, because its money is being taken this moment or it cannot be read, is
    left to its seller: nobody can pack it any more.
    """
    position = 0
    for order_id in sorted(await order_ids_of(engine.log, account_id)):
        try:
            for command in _commands(order_id, await engine.state(order_id), account_id, context.at):
                position = (await engine.submit(command, context)).position
        except DomainError as refusal:
            log.warning("order_not_called_off", order=order_id, reason=refusal.detail)
        except UnreadableStream as error:
            log.error("order_not_called_off", order=order_id, reason=str(error))
    return position


def _commands(order_id: str, state: Order, account_id: str, at: int) -> Sequence[CancelOrder | CancelLines]:
    if not isinstance(state, OpenOrder | PaidOrder) or state.placed.account_id != account_id:
        return ()
    units = [line_id for line_id, left in to_send(state).items() if left]
    if not units or (isinstance(state, PaidOrder) and state.refunded):
        return ()
    if not state.shipments:
        return (CancelOrder(order_id, "cancelled", account_id),)
    cancellation_id, refund_id = (derived_id(kind, at, order_id, "erased") for kind in ("cancellation", "refund"))
    return (CancelLines(order_id, cancellation_id, refund_id, dict.fromkeys(units), at, account_id),)
