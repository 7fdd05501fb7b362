"""A small shop in one process: engine, views, follower, checkout process, simulated provider, payment process."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from commands.context import Context, new_command_id
from commands.engine import Engine, now_ms
from commands.store.memory import MemoryLog
from commands.store.port import EventLog
from commands.store.sqlite import SQLiteLog
from domain.buyers import cart
from domain.ids import new_id, payment_id, stock_id
from domain.inventory import inventory
from domain.money import Money
from domain.orders import order
from domain.pricing.pricing import Destination, Quote, QuoteLine, price_quote
from domain.stored.codec import decode
from kontor.tables import shipping_table, tax_table
from projections.checkouts.projector import CHECKOUTS
from projections.sqlite import SQLiteViews
from projections.stock.projector import STOCK
from streams.gateways.simulated import SimulatedGateway
from streams.money.payments import Pacing, PaymentProcess
from streams.processes.checkout import CheckoutProcess
from streams.views.follower import Follower

SHOP, SKU = "shp_a", "SKU-1"
STOCK_ID = stock_id(SHOP, SKU)
SECRET = b"provider's secret"
QUICK = Pacing(first_retry=0.02, first_query=0.1, longest=1.0, sweep=0.1, silent=0.3)


def quote_of(quantity: int = 1, ships_to: tuple[str, ...] = ("*",)) -> Quote:
    line = QuoteLine("lin_1", SHOP, "US", SKU, "prd_1", "Toner", quantity, Money(1999, "USD"), ships_to)
    return price_quote([line], Destination("US", "CA", "94105"), "standard", tax_table(), shipping_table())


def place_order(number: int, token: str, quote: Quote | None = None, at: int | None = None) -> order.PlaceOrder:
    now = now_ms() if at is None else at
    suffix = new_id("order", 1_700_000_000_000, number.to_bytes(10, "big")).removeprefix("ord_")
    return order.PlaceOrder(
        order_id=f"ord_{suffix}",
        account_id=f"usr_{suffix}",
        cart_id=f"crt_{suffix}",
        generation=0,
        quote=quote or quote_of(),
        address=b"sealed",
        country="US",
        region="CA",
        payment_token=token,
        at=now,
        hold_until=now + 600_000,
    )


class House:
    """Everything of one process. Two houses on one folder are two processes on one data folder."""

    def __init__(self, folder: Path, log: EventLog | None = None, pacing: Pacing = QUICK) -> None:
        self.log_file = folder / "log.db"
        self.log = log or SQLiteLog.open(self.log_file)
        self.engine = Engine(self.log)
        self.views = SQLiteViews(folder / "views.db", [CHECKOUTS, STOCK])
        self.follower = Follower(self.log, self.views, self.engine)
        self.checkouts = CheckoutProcess(self.engine, self.views, self.follower)
        self.gateway = SimulatedGateway(folder / "provider.db", SECRET, timeout_s=0.02)
        self.payments = PaymentProcess(self.engine, self.views, self.gateway, pacing=pacing)
        self.callbacks: list[tuple[bytes, dict[str, str]]] = []

    async def deliver(self, body: bytes, headers: dict[str, str]) -> None:
        self.callbacks.append((body, headers))
        await self.payments.receive(body, headers)

    async def start(self, *, payments: bool = True, beside: bool = False) -> None:
        """``beside`` takes payments up from the follower, as a worker of the full profile does."""
        await self.engine.start()
        if beside:
            self.follower.applied.append(self.payments.heard)
        await self.follower.start()
        self.follower.applied.append(self.checkouts.applied)
        await self.checkouts.start()
        await self.gateway.start(self.deliver)
        if payments:
            if not beside:
                self.engine.listeners.append(self.payments.committed)
            await self.payments.start()

    async def close(self) -> None:
        await self.gateway.close()
        await self.payments.close()
        await self.checkouts.close()
        await self.follower.close()
        await self.engine.close()
        await self.log.close()
        self.views.close()

    async def crash(self) -> None:
        """As near to a kill as one process can come to: calls are cut off, no outcome is recorded, the files are let
        go."""
        for work in list(self.payments._working.values()):
            if work.task is not None:
                work.task.cancel()
        await self.close()

    async def submit(self, command: Any, correlation: str = "") -> Any:
        context = Context("usr_1", new_command_id(), now_ms(), correlation)
        return await self.engine.submit(command, context)

    async def key(self, order_id: str, number: int = 1) -> str:
        """Under which the provider is asked for what the payment's event of this number says."""
        return f"{payment_id(order_id)}/{number}.{(await self.engine.state(payment_id(order_id))).placed_at}"

    async def stock(self, quantity: int) -> None:
        await self.submit(inventory.ReceiveStock(STOCK_ID, quantity, now_ms()))

    async def buy(self, placed: order.PlaceOrder) -> str:
        """Fills the cart and places the order; its id."""
        for line in placed.quote.lines:
            item = cart.CartLine(
                line.line_id, line.shop_id, line.sku, line.product_id, line.title, line.quantity, line.unit_price
            )
            await self.submit(cart.AddItem(placed.cart_id, item, now_ms(), placed.account_id))
        await self.submit(placed, placed.order_id)
        return placed.order_id

    async def ended(self, order_id: str, within: float = 10.0) -> str:
        """``PAID`` or ``CANCELLED``, once it is."""
        final = (order.PaidOrder, order.CancelledOrder)
        async with asyncio.timeout(within):
            while not isinstance(state := await self.engine.state(order_id), final):
                watch = self.engine.watch(order_id, lambda state: isinstance(state, final))
                # Looked at again now and then: another process may have done it.
                await asyncio.wait([watch], timeout=0.2)
                watch.cancel()
        return order.status(state)

    async def payment_events(self, order_id: str) -> list[str]:
        """Names of what happened to the order's money."""
        rows = await self.log.read_stream(payment_id(order_id))
        return [type(decode(row.topic, row.data)).__name__ for row in rows]

    def movements(self) -> Counter[tuple[str, str]]:
        """Order and kind of every operation at the provider that moved money."""
        return Counter((row.order_id, row.kind) for row in self.gateway.report())


async def left_unpaid(folder: Path, *commands: Callable[[str], Any]) -> str:
    """An order that was placed, and to which this happened, while nobody worked on payments; its house is closed."""
    house = House(folder)
    await house.start(payments=False)
    await house.stock(1)
    order_id = await house.buy(place_order(1, "pm_card_visa"))
    for command in commands:
        await house.submit(command(order_id), order_id)
    await house.close()
    return order_id


def called_off(order_id: str) -> order.CancelOrder:
    return order.CancelOrder(order_id, "cancelled")


@asynccontextmanager
async def opened(folder: Path, kind: str = "sqlite", pacing: Pacing = QUICK) -> AsyncIterator[House]:
    house = House(folder, MemoryLog() if kind == "memory" else None, pacing)
    await house.start()
    try:
        yield house
    finally:
        await house.close()
