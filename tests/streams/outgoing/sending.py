"""A process that sends mail, and soon tries again what failed."""

from __future__ import annotations

from typing import Any

from commands.context import system_context
from commands.engine import Engine, now_ms
from commands.store.memory import MemoryLog
from commands.vault import Vault
from domain.buyers.account import RegisterAccount
from domain.orders.order import ConfirmOrder
from domain.outgoing.delivery import Delivery
from kontor.settings import Settings
from kontor.wiring.notifying import Notifying
from projections.views import Touched
from streams.outgoing.courier import Pacing
from streams.outgoing.process import DeliveryProcess
from tests.streams.house import place_order

QUICK = Pacing(pace=0.01, idle=0.05, call=2.0, claim=0.4, retry=0.02, pause=0.005)
DELIVERY = "dlv_mail"


class Sender:
    """One process that sends mail."""

    def __init__(self, log: MemoryLog, vault: Vault, url: str) -> None:
        self.engine = Engine(log)
        self.vault = vault
        settings = Settings(smtp_url=url, mail_from="Nordwald <orders@shop.example>")
        self.notifying = Notifying(settings, self.engine, vault)
        self.deliveries = DeliveryProcess(self.engine, self.notifying.targets, pacing=QUICK)

    async def start(self) -> None:
        await self.engine.start()
        self.engine.listeners.append(lambda events: self.deliveries.applied(events, Touched()))
        await self.deliveries.start()

    async def close(self) -> None:
        await self.deliveries.close()
        await self.engine.close()

    async def submit(self, command: Any) -> None:
        await self.engine.submit(command, system_context("test", now_ms()))

    async def buys(self, number: int = 1, email: str = "ada@example.com", name: str = "Ada Lovelace") -> str:
        """The order's id, once it is placed by somebody with this address."""
        placed = place_order(number, "pm_card_visa")
        self.vault.ensure_key(placed.account_id)
        profile = self.vault.seal(placed.account_id, {"name": name, "email": email})
        await self.submit(RegisterAccount(placed.account_id, f"clm_email.{number}", profile))
        await self.submit(placed)
        return placed.order_id

    async def confirmed(self, number: int = 1, **who: str) -> str:
        order_id = await self.buys(number, **who)
        await self.submit(ConfirmOrder(order_id))
        return order_id

    @property
    def delivery(self) -> Delivery:
        state: Delivery = self.engine.peek(DELIVERY) or Delivery()
        return state

    async def outcomes(self) -> list[tuple[str, str]]:
        """Names and reasons of what was recorded besides the position."""
        from commands.mapper import recorded

        await self.engine.landing()  # what is decided is seen in memory before it is in the log
        found = [recorded(row) for row in await self.engine.log.read(0, 1_000) if row.stream == DELIVERY]
        events = [one.event for one in found if hasattr(one.event, "event_id")]
        return [(type(event).__name__, getattr(event, "reason", "")) for event in events]
