"""What a shop and its buyers do, as commands: for tests that need a log with something in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from commands.batch import Outcome
from commands.context import Context, new_command_id
from commands.engine import Engine
from commands.idempotency import Answer, IdempotentRequest
from domain.buyers.cart import AddItem, CartLine, OpenCart, order_id_of
from domain.decider import Command
from domain.ids import derived_id, offer_id, payment_id, stock_id
from domain.inventory.inventory import HOLD_MS, HoldStock, ReceiveStock
from domain.money import Money
from domain.orders.order import PlaceOrder
from domain.payments.payment import RecordAuthorization, RecordCapture
from domain.pricing.pricing import Destination, QuoteLine, price_quote
from domain.sellers.offer import PutOffer, Terms
from kontor.tables import shipping_table, tax_table

START = 1_700_000_000_000
SHOP = "shp_01HF7YAT00000000000000SHOP"
SKU = "CHAIR-1"
STOCK = stock_id(SHOP, SKU)
PRICE = Money(1999, "USD")


class Clock:
    """Milliseconds, moved by hand."""

    def __init__(self, at: int = START) -> None:
        self.at = at

    def __call__(self) -> int:
        return self.at


def context(at: int = START, correlation: str = "", command_id: str = "") -> Context:
    return Context("usr_1", command_id or new_command_id(), at, correlation)


def receive(quantity: int, stock: str = STOCK) -> ReceiveStock:
    return ReceiveStock(stock, quantity, START)


def hold(hold_id: str, quantity: int = 1, stock: str = STOCK, at: int = START, **more: Any) -> HoldStock:
    return HoldStock(stock, hold_id, quantity, at, at + HOLD_MS, **more)


def request(key: str, digest: bytes = b"digest") -> IdempotentRequest:
    """Its answer says how the command ended and at which version."""

    def render(outcome: Any) -> Answer:
        if isinstance(outcome, Outcome):
            return Answer(200, b"{}", f"version {outcome.version}".encode())
        return Answer(409, b"{}", outcome.code.encode())

    return IdempotentRequest(key, digest, render)


async def do(engine: Engine, command: Command, **more: Any) -> Outcome:
    return await engine.submit(command, context(engine.clock()), **more)


async def offer(engine: Engine, sku: str, units: int, backorder: bool = False) -> None:
    """Puts a SKU on sale."""
    await do(engine, ReceiveStock(stock_id(SHOP, sku), units, engine.clock()))
    await do(engine, PutOffer(offer_id(SHOP, sku), "prd_1", "USD", Terms(PRICE, backorder=backorder)))


def cart_line(sku: str, quantity: int = 1) -> CartLine:
    return CartLine(f"lin_{sku}", SHOP, sku, "prd_1", f"Chair {sku}", quantity, PRICE)


async def fill_cart(engine: Engine, buyer: str, skus: Sequence[str], quantity: int = 1) -> str:
    cart = f"crt_{buyer}"
    for sku in skus:
        await do(engine, AddItem(cart, cart_line(sku, quantity), engine.clock(), f"usr_{buyer}"))
    return cart


async def place(engine: Engine, buyer: str, skus: Sequence[str], quantity: int = 1, **more: Any) -> str:
    """Fills a cart and orders it; the id of the order, which then waits for the payment provider."""
    cart_id = await fill_cart(engine, buyer, skus, quantity)
    command = order_of(cart_id, await engine.state(cart_id), engine.clock(), **more)
    await engine.submit(command, context(engine.clock(), command.order_id))
    return command.order_id


def order_of(cart_id: str, cart: OpenCart, at: int, **more: Any) -> PlaceOrder:
    lines = [
        QuoteLine(line.item_id, SHOP, "US", line.sku, line.product_id, line.title, line.quantity, line.unit_price)
        for line in cart.lines
    ]
    quote = price_quote(lines, Destination("US", "CA", "94105"), "standard", tax_table(), shipping_table())
    return PlaceOrder(
        order_id_of(cart_id, cart), cart.account_id, cart_id, cart.generation, quote, b"sealed", "US", "CA",
        "pm_card_visa", at, at + HOLD_MS, **more,
    )  # fmt: skip


async def pay(engine: Engine, order_id: str) -> None:
    """What the payment provider reports, when all is well."""
    paying, key = payment_id(order_id), await asked_with(engine, order_id)
    await engine.submit(RecordAuthorization(paying, key, "ch_1"), context(engine.clock(), order_id))
    key = await asked_with(engine, order_id)
    await engine.submit(RecordCapture(paying, key), context(engine.clock(), order_id))


async def asked_with(engine: Any, order_id: str) -> str:
    """The key of what the provider was last asked for and has not answered."""
    state = await engine.state(payment_id(order_id))
    return f"{payment_id(order_id)}/{state.intent}.{state.placed_at}"


async def buy(engine: Engine, buyer: str, skus: Sequence[str], quantity: int = 1, **more: Any) -> str:
    order_id = await place(engine, buyer, skus, quantity, **more)
    await pay(engine, order_id)
    return order_id


def buyer_id(number: int) -> str:
    return derived_id("account", START, str(number)).removeprefix("usr_")
