"""Buyers and a seller at work, and a journal of what they were told, which they keep and no crash touches."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, fresh_key, sign_up

CARDS = (
    *["pm_card_visa"] * 8,
    "pm_card_declined",
    "pm_sim_timeout",
    "pm_sim_lost_webhook",
    "pm_sim_duplicate_webhook",
    "pm_sim_error_then_good",
)
HOT_STOCK = 3
PLENTY = 100_000


@dataclass(slots=True)
class Attempt:
    """One order that somebody tried to place; ``order_id`` once it was acknowledged."""

    shopper: Shopper
    key: str
    body: dict[str, Any]
    order_id: str = ""
    refused: bool = False

    @property
    def unanswered(self) -> bool:
        return not self.order_id and not self.refused


@dataclass(slots=True)
class Delivery:
    """Goods that the seller reported to have received."""

    sku: str
    key: str
    quantity: int
    acknowledged: bool = False


@dataclass(slots=True)
class Journal:
    attempts: list[Attempt] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    carts: dict[str, int] = field(default_factory=dict)
    """Account to the newest version of its cart that was acknowledged."""
    surprises: list[str] = field(default_factory=list)
    """Answers that should not have come."""
    patient: bool = False
    """503 may come, tokens may run out and services that are away come back: everybody goes on, and names the
    seller."""
    pace: float = 0.0
    """Seconds between two purchases of a shopper, at most."""
    put_off: int = 0
    """Answers with 401 or 503, and none at all, to those who are patient."""

    def orders_of(self, shopper: Shopper) -> set[str]:
        return {one.order_id for one in self.attempts if one.shopper is shopper and one.order_id}

    def placed(self) -> set[str]:
        return {one.order_id for one in self.attempts if one.order_id}

    def surprise(self, what: str, answer: httpx.Response) -> None:
        if self.patient and answer.status_code in (401, 503):
            self.put_off += 1
            return
        self.surprises.append(f"{what}: {answer.status_code} {answer.text[:300]}")


@dataclass
class Market:
    """A shop with one thing that is always running out and one that never does, and people who want both."""

    seller: Seller
    shoppers: list[Shopper]
    hot: str
    plenty: str
    cards: dict[str, dict[str, str]]
    """Account to its payment methods, by token."""
    journal: Journal = field(default_factory=Journal)

    @property
    def everybody(self) -> list[Shopper]:
        return [self.seller.shopper, *self.shoppers]

    def move_to(self, http: httpx.AsyncClient) -> None:
        """The service was started again, somewhere else."""
        for one in self.everybody:
            one.http = http


async def open_market(http: httpx.AsyncClient, shoppers: int) -> Market:
    seller = await open_shop(http)
    hot, plenty = await seller.sells(HOT_STOCK), await seller.sells(PLENTY)
    people = [await (await sign_up(http)).move_in() for _ in range(shoppers)]
    cards = {one.user_id: {card: await one.pays_with(card) for card in sorted(set(CARDS))} for one in people}
    return Market(seller, people, hot, plenty, cards)


async def trade(market: Market, chance: random.Random, stop: asyncio.Event | None = None) -> None:
    """Goes on until the service is gone, or ``stop`` is set."""
    stop = stop or asyncio.Event()
    seeds = [chance.random() for _ in range(len(market.shoppers) + 1)]
    buyers = [_buy(market, one, random.Random(seed), stop) for one, seed in zip(market.shoppers, seeds, strict=False)]
    await asyncio.gather(*buyers, _supply(market, random.Random(seeds[-1]), stop))


async def _buy(market: Market, shopper: Shopper, chance: random.Random, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await _purchase(market, shopper, chance)
        except httpx.TransportError:
            if not market.journal.patient:
                return
            market.journal.put_off += 1
        await asyncio.sleep(chance.random() * market.journal.pace)


async def _purchase(market: Market, shopper: Shopper, chance: random.Random) -> None:
    journal = market.journal
    await _fill_cart(market, shopper, chance)
    shopper.method_id = market.cards[shopper.user_id][chance.choice(CARDS)]
    attempt = Attempt(shopper, fresh_key(), shopper.wish())
    journal.attempts.append(attempt)
    await place(journal, attempt, wait=chance.choice((None, 1, 3)))
    if attempt.order_id and chance.random() < 0.1:
        answer = await shopper.cancel(attempt.order_id)
        if answer.status_code != 200:
            journal.surprise("cancel", answer)


async def _fill_cart(market: Market, shopper: Shopper, chance: random.Random) -> None:
    sku, quantity = (market.hot, 1) if chance.random() < 0.4 else (market.plenty, chance.randint(1, 3))
    wanted = {"sku": sku, "quantity": quantity} | ({"shopId": market.seller.shop_id} if market.journal.patient else {})
    answer = await shopper.send("POST", "/api/cart/items", wanted)
    if answer.status_code == 201:
        shopper.cart_id = answer.json()["cartId"]
        market.journal.carts[shopper.user_id] = answer.json()["version"]
    elif answer.status_code != 409:
        market.journal.surprise("add", answer)
    else:
        # A line that sold out keeps the whole cart from being ordered.
        cart = await shopper.send("GET", "/api/cart")
        if cart.status_code != 200:
            market.journal.surprise("cart", cart)
            return
        for line in cart.json()["lines"]:
            if line["sku"] == sku:
                await shopper.send("DELETE", f"/api/cart/items/{line['itemId']}")


async def place(journal: Journal, attempt: Attempt, wait: int | None = None) -> None:
    """Sends the order, for the first time or again. Raises TransportError when no answer comes."""
    if not attempt.body["cartId"]:
        attempt.refused = True
        return
    headers = {"Idempotency_Key": attempt.key} | ({"Prefer": f"wait={wait}"} if wait is not None else {})
    answer = await attempt.shopper.send("POST", "/api/orders", attempt.body, **headers)
    if answer.status_code == 202:
        attempt.order_id = answer.json()["orderId"]
    elif answer.status_code in (404, 409, 422):  # sold out meanwhile, or nothing in the cart
        attempt.refused = True
    else:
        journal.surprise("order", answer)


async def _supply(market: Market, chance: random.Random, stop: asyncio.Event) -> None:
    while not stop.is_set():
        delivery = Delivery(market.hot, fresh_key(), chance.randint(1, 3))
        market.journal.deliveries.append(delivery)
        try:
            await deliver(market, delivery)
        except httpx.TransportError:
            if not market.journal.patient:
                return
        await asyncio.sleep(chance.uniform(0, 0.05) + chance.random() * market.journal.pace)


async def deliver(market: Market, delivery: Delivery) -> None:
    """Reports goods, for the first time or again: the key keeps them from being counted twice."""
    path = f"/api/inventory/{market.seller.shop_id}/{delivery.sku}/receive"
    body = {"quantity": delivery.quantity}
    answer = await market.seller.shopper.send("POST", path, body, Idempotency_Key=delivery.key)
    if answer.status_code == 200:
        delivery.acknowledged = True
    else:
        market.journal.surprise("receive", answer)
