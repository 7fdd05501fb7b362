"""Buyers who fill carts, order, pay by every kind of token and change their minds; and the staff of the shops."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any

from commands.errors import StorageUnavailable
from domain.buyers.cart import AddItem, CartLine, ChangeQuantity, OpenCart, RemoveItem, cart_of, order_id_of
from domain.decider import Command
from domain.ids import new_id, payment_id
from domain.inventory.inventory import HOLD_MS, HoldStock, ReceiveStock, ReleaseStock, SetStock
from domain.money import Money
from domain.orders import aftersale, order
from domain.orders.order import CancelledOrder, OpenOrder, PaidOrder, PlaceOrder
from domain.orders.orderreviewing import ApproveReview, RejectReview
from domain.orders.orderstate import to_send
from domain.orders.parcel import is_by_parcel
from domain.orders.policy import LATER, PARCEL, SHIPMENT, OrderPolicy
from domain.orders.returns import DAY_MS
from domain.orders.tender import Covered
from domain.payments.giftcard import IssueGiftCard
from domain.payments.payment import Payment, RetryRefund
from domain.pricing.pricing import Quote
from domain.pricing.promotion import PutPromotion, uses_of
from kontor.simulation.door import Door
from kontor.simulation.goods import BY_PLACE, CARDS, GOODS, PROMOTIONS, Good, quote_of
from kontor.simulation.process import Gone
from streams.gateways.simulated import BEHAVIOURS

THINKING_S = 0.4
RETURN_MS = 30 * DAY_MS
REDUCED = 0.3
"""Of the orders, those that use promotions."""
POLICIES = (
    OrderPolicy(),
    OrderPolicy(),
    OrderPolicy(capture=SHIPMENT),
    OrderPolicy(capture=PARCEL),
    OrderPolicy(capture=LATER, capture_after=2_000),
    OrderPolicy(review_above=3_000, review_within=5_000),
)
TOKENS = ("pm_card_visa",) * 6 + tuple(BEHAVIOURS)


BUYERS_MAX = 4


def buyer_of(number: int) -> str:
    """The account of one of the buyers, of whom there are ``BUYERS_MAX`` at the most."""
    return f"usr_01HF7YAT00000000000000000{number}"


class People:
    """Everybody at once; ``orders`` are those that were ever placed, in the order of their placing."""

    def __init__(self, door: Door, chance: Random, orders: Sequence[str]) -> None:
        self.calm = False
        self.gone: set[str] = set()
        """Accounts of buyers who do not come any more."""
        self._door = door
        self._chance = chance
        self._orders = orders
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Something is on the shelves."""
        for good in GOODS:
            await self._staff(ReceiveStock(good.stock_id, self._chance.randint(2, 8), self._now()))
        for gift_card_id, value in CARDS.items():
            await self._staff(IssueGiftCard(gift_card_id, Money(value, "USD"), self._now()))
        for promotion_id, terms in PROMOTIONS.items():
            await self._staff(PutPromotion(promotion_id, terms))
            if terms.limit is not None:
                await self._staff(SetStock(uses_of(promotion_id), terms.limit, self._now(), "limit"))

    def come(self, buyers: int) -> None:
        for number in range(buyers):
            self._tasks.append(asyncio.ensure_future(self._live(partial(self._buyer, buyer_of(number)))))
        self._tasks.append(asyncio.ensure_future(self._live(self._clerk)))

    async def go(self) -> None:
        """They finish what they are at."""
        self.calm = True
        await asyncio.gather(*self._tasks)

    async def _live(self, act: Callable[[], Awaitable[None]]) -> None:
        while not self.calm:
            await asyncio.sleep(self._chance.expovariate(1 / THINKING_S))
            with suppress(Gone, StorageUnavailable):
                await act()

    # buyers

    async def _buyer(self, account_id: str) -> None:
        draw = self._chance.random()
        if account_id in self.gone:
            return
        if draw < 0.45:
            await self._fill(account_id)
        elif draw < 0.8:
            await self._order(account_id)
        elif draw < 0.9:
            await self._change(account_id)
        else:
            await self._regret(account_id)

    async def buy_one(self, account_id: str) -> str:
        """Whatever his cart holds, and one more. Returns the order, which may come to nothing."""
        await self._staff(ReceiveStock(GOODS[0].stock_id, 1, self._now()))
        await self._put(account_id, GOODS[0], 1)
        return await self._order(account_id)

    async def _fill(self, account_id: str) -> None:
        good, units = self._chance.choice(GOODS), self._chance.randint(1, 3)
        if not good.in_cart or await self._set_aside(account_id, good, units):
            await self._put(account_id, good, units)

    async def _put(self, account_id: str, good: Good, units: int) -> None:
        line_id, price = self._id("line"), Money(good.price, "USD")
        line = CartLine(line_id, good.shop_id, good.sku, f"prd_{good.sku}", good.sku.title(), units, price)
        await self._door.ask(account_id, AddItem(cart_of(account_id), line, self._now(), account_id))

    async def _set_aside(self, account_id: str, good: Good, more: int) -> bool:
        """For the cart, with what it has of it already; whether there was enough."""
        cart_id, now = cart_of(account_id), self._now()
        state = await self._door.state(cart_id)
        there = sum(one.quantity for one in state.lines if one.sku == good.sku) if isinstance(state, OpenCart) else 0
        until = now + self._chance.choice((HOLD_MS, 1_500))
        if there + more < 1:
            return False  # the line that was to be shorter has left the cart meanwhile
        await self._door.ask(
            account_id, HoldStock(good.stock_id, cart_id, there + more, now, until, account_id, good.limit)
        )
        return cart_id in (await self._door.state(good.stock_id)).holds

    async def _change(self, account_id: str) -> None:
        cart_id = cart_of(account_id)
        state = await self._door.state(cart_id)
        if isinstance(state, OpenCart) and state.lines:
            line = self._chance.choice(state.lines)
            good, item_id = BY_PLACE[line.shop_id, line.sku], line.item_id
            remove = self._chance.random() < 0.5
            units = self._chance.randint(1, 3)
            command = RemoveItem(cart_id, item_id) if remove else ChangeQuantity(cart_id, item_id, units)
            if good.in_cart and not remove and not await self._set_aside(account_id, good, units - line.quantity):
                return
            if await self._door.ask(account_id, command) and good.in_cart and remove:
                await self._door.ask(account_id, ReleaseStock(good.stock_id, cart_id, self._now(), "removed"))

    async def _order(self, account_id: str) -> str:
        """Empty where there is nothing to order."""
        cart_id = cart_of(account_id)
        state = await self._door.state(cart_id)
        if not isinstance(state, OpenCart) or not state.lines:
            return ""
        command = await self._purchase(account_id, cart_id, state)
        await self._door.ask(account_id, command, command.order_id)
        return command.order_id

    async def _purchase(self, account_id: str, cart_id: str, cart: OpenCart) -> PlaceOrder:
        goods = [BY_PLACE[line.shop_id, line.sku] for line in cart.lines]
        kept = [good.stock_id for good in goods if good.in_cart]
        policy, now = self._chance.choice(POLICIES), self._now()
        quote = quote_of(cart, now, tuple(PROMOTIONS) if self._chance.random() < REDUCED else ())
        reduced = [(uses_of(used.promotion_id), PROMOTIONS[used.promotion_id]) for used in quote.promotions]
        limits = {good.stock_id: good.limit for good in goods} | {uses: one.limit_per_account for uses, one in reduced}
        endless = {good.stock_id for good in goods if good.backorder}
        endless |= {uses for uses, one in reduced if one.limit is None}
        covered = self._covered(quote)
        return PlaceOrder(
            order_id=order_id_of(cart_id, cart),
            account_id=account_id,
            cart_id=cart_id,
            generation=cart.generation,
            quote=quote,
            address=b"sealed",
            country="US",
            region="CA",
            payment_token=self._chance.choice(TOKENS),
            at=now,
            hold_until=now + self._chance.choice((HOLD_MS, HOLD_MS, 1_500)),
            limits={stock: limit for stock, limit in limits.items() if limit is not None},
            backorder=tuple(sorted(endless)),
            cart_holds=tuple([one for one in kept if cart_id in (await self._door.state(one)).holds]),
            capture=policy.capture_of(covered is not None),
            capture_at=policy.capture_at(now),
            review=policy.reasons(quote, "US"),
            review_within=policy.review_within,
            gift_card=covered,
        )

    def _covered(self, quote: Quote) -> Covered | None:
        """Every sixth order has a gift card, which may have been worth more when its buyer looked."""
        if self._chance.random() > 1 / 6:
            return None
        gift_card_id, value = self._chance.choice(tuple(CARDS.items()))
        return Covered(gift_card_id, Money(min(value, quote.totals.grand.amount), "USD"))

    async def _regret(self, account_id: str) -> None:
        order_id, state = await self._some_order()
        if isinstance(state, OpenOrder | PaidOrder) and state.placed.account_id == account_id:
            named = {self._chance.choice(state.placed.quote.lines).line_id: self._chance.choice((1, None))}
            now, fresh = self._now(), self._id
            command: Command = self._chance.choice(
                (
                    order.CancelOrder(order_id, "cancelled", account_id),
                    aftersale.CancelLines(order_id, fresh("cancellation"), fresh("refund"), {**named}, now),
                    aftersale.RequestReturn(order_id, fresh("return"), {**named}, now, RETURN_MS),
                )
            )
            await self._door.ask(account_id, command, order_id)

    # staff

    async def _clerk(self) -> None:
        if self._chance.random() < 0.2:
            good, now = self._chance.choice(GOODS), self._now()
            units = self._chance.randint(1, 5)
            counted = self._chance.random() < 0.2
            stock = SetStock(good.stock_id, units, now) if counted else ReceiveStock(good.stock_id, units, now)
            await self._staff(stock)
            return
        order_id, state = await self._some_order()
        paid = await self._door.state(payment_id(order_id)) if isinstance(state, PaidOrder | CancelledOrder) else None
        commands = self._due(order_id, state)
        if isinstance(paid, Payment):
            commands += self._about_refunds(order_id, state, paid)
        if commands:
            await self._staff(self._chance.choice(commands), order_id)

    def _due(self, order_id: str, state: Any) -> list[Command]:
        """What the staff might do about an order."""
        now = self._now()
        if isinstance(state, OpenOrder) and state.placed.review:
            return [ApproveReview(order_id, now, "usr_staff"), RejectReview(order_id, now, "usr_staff")]
        if isinstance(state, OpenOrder):
            return self._parcels(order_id, state) if state.placed.capture in (SHIPMENT, PARCEL) else []
        if not isinstance(state, PaidOrder):
            return []
        commands = self._parcels(order_id, state)
        commands += [order.DeliverShipment(order_id, shipment_id, now) for shipment_id in state.shipments]
        for return_id, one in state.returns.items():
            if one.status == "requested":
                commands.append(aftersale.ApproveReturn(order_id, return_id, now))
            refund_id, restock = self._id("refund"), self._chance.random() < 0.5
            commands.append(aftersale.ReceiveReturn(order_id, return_id, refund_id, now, restock))
        return commands

    def _about_refunds(self, order_id: str, state: Any, paid: Payment) -> list[Command]:
        """Money given back for goodwill, seldom all of it, and refunds tried again that the provider had refused."""
        refused = [refund_id for refund_id, one in paid.refunds.items() if one.status == "refused"]
        commands: list[Command] = [RetryRefund(payment_id(order_id), refund_id, "again") for refund_id in refused]
        if isinstance(state, PaidOrder):
            amount = Money(self._chance.randint(1, 700), "USD") if self._chance.random() < 0.8 else None
            refund_id, now = self._id("refund"), self._now()
            disputed = paid.contested, paid.lost
            commands.append(aftersale.GrantRefund(order_id, refund_id, "goodwill", now, amount, {}, False, *disputed))
        return commands

    def _parcels(self, order_id: str, state: OpenOrder | PaidOrder) -> list[Command]:
        left = to_send(state)
        lines = [line for line in state.placed.quote.lines if left.get(line.line_id)]
        now = self._now()
        return [
            order.PackShipment(order_id, self._id("shipment"), line.shop_id, now, {line.line_id: 1}, "UPS")
            for line in lines
        ]

    async def send_what_waits(self) -> None:
        """Orders whose money waits for a parcel get one; those that are paid by parcel, all of theirs."""
        for order_id in tuple(self._orders):
            state = await self._door.state(order_id)
            if not isinstance(state, OpenOrder | PaidOrder):
                continue
            waits = isinstance(state, OpenOrder) and state.placed.capture == SHIPMENT and not state.shipments
            for parcel in self._parcels(order_id, state)[: len(GOODS) if is_by_parcel(state) else int(waits)]:
                await self._staff(parcel, order_id)

    # what all of them use

    async def _some_order(self) -> tuple[str, Any]:
        if not self._orders:
            return "", None
        order_id = self._chance.choice(self._orders[-12:])
        return order_id, await self._door.state(order_id)

    async def _staff(self, command: Command, correlation: str = "") -> None:
        await self._door.ask("usr_staff", command, correlation)

    def _now(self) -> int:
        return self._door.any().clock()

    def _id(self, kind: str) -> str:
        return new_id(kind, self._now(), self._chance.randbytes(10))
