"""A story's deeds, one after the other at their own times, each as the requests that somebody would have sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from kontor.acting.abreast import abreast
from kontor.acting.caller import Unexpected
from kontor.pastorders.house import House
from kontor.pastorders.stage import ADMIN, Clock, Stage
from kontor.pastorders.story import (
    Cancellation,
    Deed,
    Delivery,
    Dispatch,
    Good,
    Purchase,
    Refund,
    Return,
    Sold,
    Units,
    WriteOff,
)
from projections.checkouts.projector import CHECKOUT_ROWS

TOGETHER = (Dispatch, Delivery)
"""Of one instant and each of another parcel, so their order tells nothing."""
CARD = "pm_card_visa"
REST_S = 30.0


class Failed(NamedTuple):
    """A deed that the engine did not do."""

    deed: Deed
    why: str


@dataclass
class Placed:
    """What a purchase became."""

    order_id: str
    buyer: str
    lines: dict[Good, str]
    """Ids of the order's lines."""
    shipments: dict[str, str] = field(default_factory=dict)
    """By shop."""


class Driver:
    def __init__(self, stage: Stage, house: House, clock: Clock) -> None:
        self.placed: dict[str, Placed] = {}
        self.failed: list[Failed] = []
        self._stage = stage
        self._house = house
        self._clock = clock
        self._prices: dict[Good, int] = {}
        self._addresses: dict[str, str] = {}
        self._methods: dict[str, str] = {}
        self._do: dict[type, Callable[[Any], Any]] = {
            Purchase: self._buy,
            Cancellation: self._cancel,
            Dispatch: self._dispatch,
            Delivery: self._deliver,
            Return: self._return,
            Refund: self._refund,
            WriteOff: self._write_off,
        }

    async def drive(self, deeds: Sequence[Deed], show: Callable[[int], None]) -> None:
        """In the order given. What the engine refuses is kept in ``failed``."""
        done = 0
        for some in _turns(deeds):
            follows = not isinstance(some[0], Purchase)
            self._clock.set(some[0].at)
            if follows:
                # Whoever sees orders through after they are paid must have seen that they are: else they look again
                # only when nothing has moved for two seconds.
                await self._views_at_rest()
            await abreast(some, self._one)
            await self._money_at_rest()
            if follows:
                await self._goods_at_rest()
            done += len(some)
            show(done)

    async def _one(self, deed: Deed) -> None:
        try:
            await self._do[type(deed)](deed)
        except Unexpected as error:
            self.failed.append(Failed(deed, str(error)))
        except KeyError as error:
            self.failed.append(Failed(deed, f"what it follows was not done: {error}"))

    async def _money_at_rest(self) -> None:
        """The next day must not begin while money moves. Raises TimeoutError."""
        async with asyncio.timeout(REST_S):
            while self._house.working():  # noqa: ASYNC110  # it is polled for want of an event
                await asyncio.sleep(0.0005)

    async def _goods_at_rest(self) -> None:
        """Nor before stock has heard of what left and came back, which is a moment later. Raises TimeoutError."""
        async with asyncio.timeout(REST_S):
            await self._views_at_rest()
            while await self._house.checkouts.listed(CHECKOUT_ROWS.name, "open", "", limit=1):
                await asyncio.sleep(0.001)
                await self._views_at_rest()

    async def _views_at_rest(self) -> None:
        """Raises TimeoutError."""
        if not await self._house.follower.wait_for(await self._house.services.log.head(), REST_S):
            raise TimeoutError

    # buying

    async def _buy(self, deed: Purchase) -> None:
        caller, buyer = self._stage.caller, self._stage.people.headers(deed.buyer)
        address, method = await self._address(deed), await self._method(deed)
        await abreast([line for line in deed.lines if self._prices.get(line.good) != line.price], self._price)
        self._stage.ships_for(deed.freight)
        cart = ""

        async def add(line: Sold) -> None:
            nonlocal cart
            wanted = {"sku": line.good[1], "shopId": self._stage.shops[line.good[0]], "quantity": line.quantity}
            cart = (await caller.expect(201, "POST", "/api/cart/items", wanted, buyer))["cartId"]

        await abreast(deed.lines, add)
        body = {"cartId": cart, "addressId": address, "paymentMethodId": method}
        headers = {**buyer, "Idempotency-Key": deed.key, "Prefer": "wait=10"}
        order = await caller.expect(202, "POST", "/api/orders", body, headers)
        if order["status"] != "PAID":
            raise Unexpected(f"the order is {order['status']}: {order['checkout']}")
        names = {shop_id: shop for shop, shop_id in self._stage.shops.items()} if len(deed.shops) > 1 else {}
        lines = {(names.get(line["shopId"], deed.shops[0]), line["sku"]): line["lineId"] for line in order["lines"]}
        self.placed[deed.key] = Placed(order["orderId"], deed.buyer, lines)

    async def _address(self, deed: Purchase) -> str:
        if deed.address not in self._addresses:
            body, buyer = self._stage.story.addresses[deed.address], self._stage.people.headers(deed.buyer)
            made = await self._stage.caller.expect(201, "POST", "/api/me/addresses", body, buyer)
            self._addresses[deed.address] = made["addressId"]
        return self._addresses[deed.address]

    async def _method(self, deed: Purchase) -> str:
        if deed.buyer not in self._methods:
            buyer = self._stage.people.headers(deed.buyer)
            made = await self._stage.caller.expect(201, "POST", "/api/me/payment-methods", {"token": CARD}, buyer)
            self._methods[deed.buyer] = made["paymentMethodId"]
        return self._methods[deed.buyer]

    async def _price(self, line: Sold) -> None:
        body = {"price": {"amount": line.price, "currency": self._stage.story.currency}}
        path = self._stage.at_shop("offers", line.good)
        await self._stage.caller.expect(200, "PUT", path, body, self._stage.owner(line.good[0]))
        self._prices[line.good] = line.price

    # what comes of it

    async def _cancel(self, deed: Cancellation) -> None:
        placed = self.placed[deed.purchase]
        body = {"lines": _lines(placed, deed.units), "reason": "called off"}
        who = self._stage.owner(next(iter(placed.lines))[0]) if deed.by_seller else self._buyer(placed)
        await self._order(placed, "cancel", body, who, f"cancel-{deed.key}")

    async def _dispatch(self, deed: Dispatch) -> None:
        placed = self.placed[deed.purchase]
        body = {"shopId": self._stage.shops[deed.shop], "carrier": "Carrier"}
        key = f"dispatch-{deed.purchase}-{deed.shop}"
        sent = await self._order(placed, "shipments", body, self._stage.owner(deed.shop), key, 201)
        placed.shipments[deed.shop] = sent["shipmentId"]

    async def _deliver(self, deed: Delivery) -> None:
        placed = self.placed[deed.purchase]
        path = f"shipments/{placed.shipments[deed.shop]}/delivered"
        await self._order(placed, path, None, self._stage.owner(deed.shop), f"deliver-{deed.purchase}-{deed.shop}")

    async def _return(self, deed: Return) -> None:
        placed, shop = self.placed[deed.purchase], next(iter(deed.units))[0]
        seller, body = self._stage.owner(shop), {"lines": _lines(placed, deed.units)}
        asked = await self._order(placed, "returns", body, self._buyer(placed), f"return-{deed.key}", 201)
        path = f"returns/{asked['returnId']}"
        await self._order(placed, f"{path}/approve", None, seller, f"approve-{deed.key}")
        receipt = {"restock": True, "refundShipping": deed.with_freight}
        await self._order(placed, f"{path}/receive", receipt, seller, f"receive-{deed.key}")

    async def _refund(self, deed: Refund) -> None:
        admin = self._stage.people.headers(ADMIN)
        body, key = {"reason": "called off on its way"}, f"refund-{deed.purchase}"
        await self._order(self.placed[deed.purchase], "refunds", body, admin, key, 202)

    async def _write_off(self, deed: WriteOff) -> None:
        headers = {**self._stage.owner(deed.good[0]), "Idempotency-Key": f"write-off-{deed.key}"}
        body = {"quantity": -deed.quantity, "reason": "written off"}
        await self._stage.caller.expect(
            200, "POST", f"{self._stage.at_shop('inventory', deed.good)}/adjust", body, headers
        )

    def _buyer(self, placed: Placed) -> dict[str, str]:
        return self._stage.people.headers(placed.buyer)

    async def _order(
        self, placed: Placed, path: str, body: Any, who: dict[str, str], key: str, status: int = 200
    ) -> Any:
        headers = {**who, "Idempotency-Key": key.replace(" ", "-")}
        return await self._stage.caller.expect(status, "POST", f"/api/orders/{placed.order_id}/{path}", body, headers)


def _lines(placed: Placed, units: Units) -> list[dict[str, Any]]:
    return [{"lineId": placed.lines[good], "quantity": quantity} for good, quantity in units.items()]


def _turns(deeds: Sequence[Deed]) -> Iterator[list[Deed]]:
    """Parcels of one instant are one turn, everything else is a turn of its own."""
    for (_, kind), some in groupby(deeds, key=lambda deed: (deed.at, type(deed))):
        if kind in TOGETHER:
            yield list(some)
        else:
            yield from ([deed] for deed in some)
