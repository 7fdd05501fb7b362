"""What goes on in a shop, as commands: orders from the cart to paid, deliveries, prices that change.

The payment provider's part is played here, so that nothing else has to run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from commands.batch import Outcome
from commands.context import Context, new_command_id
from domain.buyers.cart import AddItem, CartLine, cart_of, order_id_of
from domain.decider import Command
from domain.ids import derived_id, offer_id, payment_id, stock_id
from domain.inventory.inventory import HOLD_MS, ReceiveStock
from domain.money import Money
from domain.orders.order import PlaceOrder
from domain.payments.payment import RecordAuthorization, RecordCapture
from domain.pricing.pricing import Destination, QuoteLine, price_quote
from domain.sellers.offer import PutOffer, Terms
from kontor.bench.house import House
from writeapi.services import WriteServices

ACCOUNTS = 100
PRICE = 1_999
EVENTS_AN_ORDER = 14
"""Two lines into a cart, placed, checked out, held twice, authorization asked for and given, sold twice, confirmed,
capture asked for and done, paid."""

Done = Callable[[Outcome], None]


class Trade:
    """Commands as a marketplace at work gives them: deliveries, prices and orders, one kind a method, by number."""

    def __init__(self, services: WriteServices, house: House, done: Done) -> None:
        """``done`` is called with what became of each command, as soon as it is known."""
        self._services = services
        self._house = house
        self._done = done
        self._products: dict[str, str] = {}

    async def begin(self) -> None:
        for sku in self._house.skus:
            offer: Any = await self._services.engine.state(offer_id(self._house.shop_id, sku))
            self._products[sku] = offer.product_id

    def delivery(self, number: int) -> Awaitable[None]:
        item = stock_id(self._house.shop_id, self._sku(number))
        return self._submit(ReceiveStock(item, 1, self._services.clock()))

    def price(self, number: int) -> Awaitable[None]:
        sku, price = self._sku(number), Money(1_000 + number % 1_000, "USD")
        offer = offer_id(self._house.shop_id, sku)
        return self._submit(PutOffer(offer, self._products[sku], "USD", Terms(price)))

    async def order(self, number: int) -> None:
        account = derived_id("account", 0, f"bench {number % ACCOUNTS}")
        cart_id, now = cart_of(account), self._services.clock()
        lines = [self._line(number, place) for place in (0, 1)]
        for line in lines:
            await self._submit(AddItem(cart_id, line, now, account))
        cart = await self._services.engine.state(cart_id)
        order_id = order_id_of(cart_id, cart)
        await self._submit(self._placing(order_id, account, cart.generation, lines, now), order_id)
        paid = payment_id(order_id)
        await self._submit(RecordAuthorization(paid, f"{paid}/1.{now}", f"ch_{number}"), order_id)
        await self._submit(RecordCapture(paid, f"{paid}/3.{now}"), order_id)

    def _line(self, number: int, place: int) -> CartLine:
        sku = self._sku(number * 2 + place)
        item = derived_id("line", number, sku)
        return CartLine(item, self._house.shop_id, sku, self._products[sku], f"Bench {sku}", 1, Money(PRICE, "USD"))

    def _placing(self, order_id: str, account: str, generation: int, lines: list[CartLine], now: int) -> PlaceOrder:
        quoted = [
            QuoteLine(
                line.item_id, line.shop_id, "US", line.sku, line.product_id, line.title, 1, line.unit_price, ("*",)
            )
            for line in lines
        ]
        where, services = Destination("US", "IL", "62701"), self._services
        quote = price_quote(quoted, where, "standard", services.tax, services.shipping)
        return PlaceOrder(
            order_id, account, cart_of(account), generation, quote, b"sealed" * 20, "US", "IL", "pm_card_visa",
            now, now + HOLD_MS,
        )  # fmt: skip

    def _sku(self, number: int) -> str:
        return self._house.skus[number % len(self._house.skus)]

    async def _submit(self, command: Command, order_id: str = "") -> None:
        context = Context("usr_bench", new_command_id(), self._services.clock(), order_id)
        self._done(await self._services.engine.submit(command, context))
