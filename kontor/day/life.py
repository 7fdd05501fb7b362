"""One process of the day: the service, and buyers who tell at once what they were answered, until it is killed.

Whatever had been asked and not answered when the process before was killed is asked again with the same key and the
same body, as a client would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from domain.buyers.cart import cart_of
from kontor import console
from kontor.acting.caller import Answer, Caller, Unexpected
from kontor.acting.people import People
from kontor.day.place import opened
from kontor.day.plan import LANES, Acknowledged, Answered, Buyer, House, Plan, Wish
from kontor.settings import Settings

REFUSED = (409, 422)
UNAVAILABLE = 503
TRIES_MAX = 10
PATIENCE_S = 1
"""So long a buyer waits for the payment; slower ones go on by themselves."""


class Turn(msgspec.Struct, frozen=True):
    """A purchase that has no answer yet; ``again`` if it may have been asked for before."""

    number: int
    again: bool


def live(settings: Settings, plan: Plan, house: House, turns: Sequence[Turn], answers: Connection) -> None:
    """What a process does. It is not meant to come to an end by itself: after its turns it waits."""
    console.configure_logs("error")
    asyncio.run(_live(settings, plan, house, turns, answers))


async def _live(settings: Settings, plan: Plan, house: House, turns: Sequence[Turn], answers: Connection) -> None:
    async with opened(settings) as (services, app):
        people = People(services, app.state.edge.tokens)
        lanes = [
            Lane(lane, plan, house, Caller(app), people, answers, [one for one in turns if one.number % LANES == lane])
            for lane in range(LANES)
        ]
        await asyncio.gather(*(lane.walk() for lane in lanes))
        await asyncio.Event().wait()


class Lane:
    """One buyer, who wants one thing after the other."""

    def __init__(
        self,
        lane: int,
        plan: Plan,
        house: House,
        caller: Caller,
        people: People,
        answers: Connection,
        turns: Sequence[Turn],
    ) -> None:
        self._plan = plan
        self._shop_id = house.shop_id
        self._buyer = house.buyers[lane]
        self._name = Buyer.name(lane)
        self._caller = caller
        self._people = people
        self._answers = answers
        self._turns = turns
        people.know(self._name)

    async def walk(self) -> None:
        for turn in self._turns:
            wish = self._plan.wish(turn.number)
            answered = await self._purchase(turn, wish)
            self._tell(answered)
            if wish.regrets and answered.order_id:
                await self._call_off(turn.number, answered.order_id)

    async def _purchase(self, turn: Turn, wish: Wish) -> Answered:
        if turn.again:
            answer = await self._order(turn.number, wish)
            if answer.status == 202:
                return Answered(turn.number, answer.json()["orderId"])
            # It never came so far as an order: the cart is as it was left.
        refusal = await self._fill(wish)
        if refusal:
            return Answered(turn.number, refusal=refusal)
        answer = await self._order(turn.number, wish)
        if answer.status == 202:
            return Answered(turn.number, answer.json()["orderId"])
        if answer.status not in REFUSED:
            raise Unexpected(f"purchase {turn.number}: {answer.status} {answer.body!r}")
        return Answered(turn.number, refusal=answer.json()["code"])

    async def _order(self, number: int, wish: Wish) -> Answer:
        body = {
            "cartId": cart_of(People.account(self._name)),
            "addressId": self._buyer.address_id,
            "paymentMethodId": self._buyer.methods[wish.token],
        }
        headers = {**self._headers(f"day-{number}"), "Prefer": f"wait={PATIENCE_S}"}
        return await self._ask("POST", "/api/orders", body, headers)

    async def _fill(self, wish: Wish) -> str:
        """Makes the cart hold what is wanted and nothing else; why it cannot, if it cannot.

        Lines of orders that came to nothing are back in it.
        """
        wanted = {"sku": wish.sku, "shopId": self._shop_id, "quantity": wish.quantity}
        added = await self._ask("POST", "/api/cart/items", wanted, self._headers())
        if added.status in REFUSED:
            return str(added.json()["code"])
        if added.status != 201:
            raise Unexpected(f"adding {wish.sku}: {added.status} {added.body!r}")
        for line in added.json()["lines"]:
            await self._tidy(line, wish)
        return ""

    async def _tidy(self, line: dict[str, Any], wish: Wish) -> None:
        path = f"/api/cart/items/{line['itemId']}"
        if line["sku"] != wish.sku:
            await self._ask("DELETE", path, None, self._headers())
        elif line["quantity"] != wish.quantity:
            await self._ask("PATCH", path, {"quantity": wish.quantity}, self._headers())

    async def _call_off(self, number: int, order_id: str) -> None:
        """Whatever has become of it: an order that is cancelled already, or was, is as good."""
        headers = self._headers(f"regret-{number}")
        answer = await self._ask("POST", f"/api/orders/{order_id}/cancel", None, headers)
        if answer.status != 200 and answer.status not in REFUSED:
            raise Unexpected(f"calling {order_id} off: {answer.status} {answer.body!r}")

    async def _ask(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Answer:
        """Again where the service says that it could not: what was asked for twice has one key, or is tidied up."""
        for _ in range(TRIES_MAX):
            answer = await self._caller.ask(method, path, body, headers)
            if answer.status != UNAVAILABLE:
                break
            await asyncio.sleep(PATIENCE_S)
        if answer.status < 300:
            self._note(path, answer)
        return answer

    def _note(self, path: str, answer: Answer) -> None:
        """At once, before anything else may happen."""
        said = answer.json()
        stream = said["orderId"] if path.startswith("/api/orders") else said["cartId"]
        self._tell(Acknowledged(stream, said["version"], int(said["position"]), path.endswith("/cancel")))

    def _tell(self, what: Answered | Acknowledged) -> None:
        self._answers.send_bytes(msgspec.json.encode(what))

    def _headers(self, key: str = "") -> dict[str, str]:
        own = self._people.headers(self._name)
        return {**own, "Idempotency-Key": key} if key else own
