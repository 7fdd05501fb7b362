"""What must be true in the evening, each promise by its name. Asked are the provider's file and the log, no views."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from domain.inventory.inventory import InventoryItem
from domain.orders import order
from domain.orders.orderstate import ordered
from kontor.day.plan import Answered
from kontor.readonly import open_readonly
from streams.gateways import disputes

PROMISES = (
    "no oversell",
    "no double charge",
    "no paid order lost",
    "no money without its order",
    "no leaked hold",
    "one order a purchase",
    "ledger zero",
    "all settled after one reconciliation",
    "nothing acknowledged lost",
    "log sound",
    "views equal the log",
)


class Charge(NamedTuple):
    """As the provider has it; minor units."""

    amount: int
    captured: int
    refunded: int
    voided: int


class Proof:
    """What was held against each promise, and did not hold."""

    def __init__(self) -> None:
        self.broken: dict[str, list[str]] = {promise: [] for promise in PROMISES}

    @property
    def ok(self) -> bool:
        return not any(self.broken.values())

    def require(self, promise: str, holds: bool, otherwise: str) -> None:
        if not holds:
            self.broken[promise].append(otherwise)

    def same(self, promise: str, what: str, expected: object, found: object) -> None:
        self.require(promise, expected == found, f"{what}: {expected} expected, {found} found")


def charges_in(file: Path) -> dict[str, list[Charge]]:
    """The provider's own records, by order."""
    found: dict[str, list[Charge]] = defaultdict(list)
    with closing(open_readonly(file)) as connection:
        rows = connection.execute("SELECT order_id, amount, captured, refunded, voided FROM charges")
        for order_id, *amounts in rows:
            found[order_id].append(Charge(*amounts))
    return found


def disputed_in(file: Path, now: int) -> Counter[str]:
    """What the provider has taken back for disputes that are open or lost, by order, in minor units."""
    taken: Counter[str] = Counter()
    with closing(open_readonly(file)) as connection:
        for one in disputes.movements(connection, now):
            taken[one.order_id] += one.amount if one.kind == "dispute" else -one.amount
    return taken


def prove_purchases(
    proof: Proof, answers: Collection[Answered], contradicted: Collection[str], orders: Mapping[str, Any]
) -> None:
    """``orders`` are all that the log has, by id."""
    told = Counter(one.order_id for one in answers if one.order_id)
    for order_id, times in told.items():
        proof.same("one order a purchase", f"purchases that were told {order_id}", 1, times)
        proof.require("no paid order lost", order_id in orders, f"{order_id} was told of, and the log has none such")
    for order_id in orders:
        proof.require("one order a purchase", order_id in told, f"{order_id} is in the log, and nobody was told of it")
    for one in contradicted:
        proof.require("one order a purchase", False, one)


def prove_money(
    proof: Proof,
    orders: Mapping[str, Any],
    charges: Mapping[str, Collection[Charge]],
    disputed: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """``disputed`` is what banks hold or have given back: an order that is called off meanwhile waits for them."""
    for order_id, some in charges.items():
        proof.require("no money without its order", order_id in orders, f"{order_id} was charged, and is in no log")
        taken = [one for one in some if one.captured]
        proof.require("no double charge", len(taken) <= 1, f"{order_id} was charged {len(taken)} times")
        for one in some:
            proof.require("no double charge", one.captured <= one.amount, f"{order_id}: {one}")
            set_aside = one.captured == 0 and not one.voided
            proof.require("no money without its order", not set_aside, f"{order_id}: set aside for ever: {one}")
    for order_id, state in orders.items():
        kept = sum(one.captured - one.refunded for one in charges.get(order_id, ()))
        if isinstance(state, order.PaidOrder):
            owed = state.placed.quote.totals.grand.amount - sum(one.amount.amount for one in state.refunds.values())
            proof.same("no paid order lost", f"money kept of {order_id}, which is paid", owed, kept)
        else:
            proof.require("no paid order lost", isinstance(state, order.CancelledOrder), f"{order_id} stands open")
            kept -= disputed.get(order_id, 0)
            proof.same("no paid order lost", f"money kept of {order_id}, which is not paid", 0, kept)


def prove_stock(
    proof: Proof, received: Mapping[str, int], stock: Mapping[str, InventoryItem], orders: Mapping[str, Any]
) -> None:
    """``received`` and ``stock`` by SKU."""
    sold: Counter[str] = Counter()
    for state in orders.values():
        if isinstance(state, order.PaidOrder):
            left = ordered(state)
            sold.update({line.sku: left[line.line_id] for line in state.placed.quote.lines})
    for sku, units in received.items():
        item = stock[sku]
        proof.require("no oversell", sold[sku] <= units, f"{sku}: {sold[sku]} sold of {units}")
        proof.same("no oversell", f"{sku}, promised to buyers who paid", sold[sku], item.committed)
        proof.same("no oversell", f"{sku}, on hand", units, item.on_hand)
        proof.same("no leaked hold", f"{sku}, held", 0, item.held)
