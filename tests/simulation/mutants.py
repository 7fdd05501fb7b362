"""Bugs to be planted: each a small mistake that somebody could make, and that no type and no layer would notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from commands.batch import answer
from commands.decisions import Decisions
from commands.engine import Engine
from commands.store.memory import MemoryLog
from commands.vault import Vault
from domain import claim
from domain.checkout import stocksteps
from domain.inventory import inventory
from domain.inventory.stock import InventoryItem
from domain.pricing.promotion import is_use
from projections.orderreviews.projector import ReviewRow
from projections.sqlite import SQLiteViews
from projections.sqlitetable import StoredTable
from streams.broker.intake import Intake
from streams.broker.relay import Relay
from streams.indexing.repricing import Repricing
from streams.indexing.shownstock import ShownStock
from streams.processes.checkout import CheckoutProcess
from streams.processes.erasure import ErasureProcess
from tests.simulation.dropmutants import DROP_MUTANTS
from tests.simulation.moneymutants import (
    books_ahead_of_their_orders,
    books_forget_earlier_parcels,
    capture_taken_for_the_first,
    captured_twice,
    card_not_given_back,
    card_not_looked_at,
    charged_under_a_new_key,
    differences_stay_open,
    disputed_money_given_back,
    disputes_opened_again,
    payments_not_taken_up_again,
    posted_twice,
    refunded_twice,
    verdicts_not_asked_for,
)
from tests.simulation.tellingmutants import TELLING_MUTANTS

Plant = Callable[[pytest.MonkeyPatch], None]


def version_check_dropped(plant: pytest.MonkeyPatch) -> None:
    """What others have written is not folded in, and the store takes any version."""

    async def catch_up(engine: Any, transaction: Any) -> None:
        engine.position = transaction.head

    def store(log: Any, rows: Any, replies: Any, snapshots: Any) -> None:
        for row in rows:
            log.rows.append(row)
            log.streams[row.stream].append(row)
        log.stored_replies.update((reply.key, reply) for reply in replies)

    plant.setattr(Engine, "_catch_up", catch_up)
    plant.setattr(MemoryLog, "_store", store)


def replies_not_looked_up(plant: pytest.MonkeyPatch) -> None:
    """A request that was answered is carried out again."""

    async def nothing_known(*_: Any) -> dict[str, Any]:
        return {}

    plant.setattr(Decisions, "_known_replies", nothing_known)


def acknowledged_before_the_commit(plant: pytest.MonkeyPatch) -> None:
    fly = Engine._fly

    async def early(engine: Any, batch: Any, transaction: Any, writing: Any) -> bool:
        answer(batch.answers)
        return await fly(engine, batch, transaction, writing)

    plant.setattr(Engine, "_fly", early)


def lost_reply_taken_for_success(plant: pytest.MonkeyPatch) -> None:
    async def written(*asked: Any) -> bool:
        return True

    plant.setattr("commands.engine.was_written", written)


def holds_not_counted(plant: pytest.MonkeyPatch) -> None:
    """Units that are set aside for one are promised to another."""
    plant.setattr(InventoryItem, "held_at", lambda item, at: 0)


def sweep_early(plant: pytest.MonkeyPatch) -> None:
    """Holds are counted as expired five minutes early. Those of whoever is paying are extended, so that
    half a minute would be noticed by nobody."""
    plant.setattr(InventoryItem, "held_at", lambda item, at: _alive(item, at + 300_000))


def _alive(item: InventoryItem, at: int) -> int:
    return sum(hold.quantity for hold in item.holds.values() if hold.expires_at > at)


def checkouts_not_looked_after(plant: pytest.MonkeyPatch) -> None:
    async def nothing(process: Any) -> None:
        pass

    plant.setattr(CheckoutProcess, "sweep", nothing)
    plant.setattr(CheckoutProcess, "applied", lambda process, events, touched: None)


def events_left_out_of_views(plant: pytest.MonkeyPatch) -> None:
    """The first event of a longer batch is passed over; the position says that it was not."""
    fold = SQLiteViews._fold
    plant.setattr(SQLiteViews, "_fold", lambda views, names, events: fold(views, names, events[len(events) > 3 :]))


def unlisted_while_open(plant: pytest.MonkeyPatch) -> None:
    """Orders that wait for a person are in no list until somebody has decided; in the end all are decided."""
    parameters = StoredTable.parameters

    def written(stored: StoredTable, key: str, position: int, row: Any) -> tuple[Any, ...]:
        values = parameters(stored, key, position, row)
        unlisted = isinstance(row, ReviewRow) and row.status == "open"
        return (*values[:3], *[None] * len(values[3:])) if unlisted else values

    plant.setattr(StoredTable, "parameters", written)


def holds_not_swept(plant: pytest.MonkeyPatch) -> None:
    """Those of carts that were left lie there for ever, and views show the units as taken."""
    plant.setitem(inventory.INVENTORY.decisions, inventory.ExpireHolds, lambda command, state: [])


def holds_not_replaced(plant: pytest.MonkeyPatch) -> None:
    """The cart's hold is counted, and goes on, beside that of its order."""
    hold = inventory.INVENTORY.decisions[inventory.HoldStock]

    def kept(command: Any, state: Any) -> Any:
        return [
            with_fields(event, replaces="") if hasattr(event, "replaces") else event for event in hold(command, state)
        ]

    plant.setitem(inventory.INVENTORY.decisions, inventory.HoldStock, kept)


def uses_not_given_back(plant: pytest.MonkeyPatch) -> None:
    """What an order that came to nothing had used of a promotion stays used."""
    back = stocksteps._line_back

    def goods_only(state: Any, line: Any, now: int) -> Any:
        return [] if is_use(line.stock_id) else back(state, line, now)

    plant.setattr(stocksteps, "_line_back", goods_only)


def accounts_not_limited(plant: pytest.MonkeyPatch) -> None:
    for kind in (inventory.HoldStock, inventory.CommitStock):
        decide = inventory.INVENTORY.decisions[kind]
        plant.setitem(
            inventory.INVENTORY.decisions,
            kind,
            lambda command, state, decide=decide: decide(with_fields(command, limit=None), state),
        )


def gaps_passed_over(plant: pytest.MonkeyPatch) -> None:
    """A worker takes what comes next for what comes next."""

    async def closed(intake: Intake, partition: int, upto: int) -> None:
        intake.reached[partition] = upto

    plant.setattr(Intake, "_close_gap", closed)


def relay_forgets_where_it_was(plant: pytest.MonkeyPatch) -> None:
    """What it says after a new beginning is said as if nothing had been before."""
    begin = Relay._begin

    async def from_nothing(relay: Any) -> None:
        await begin(relay)
        relay._said = [0] * len(relay._said)

    plant.setattr(Relay, "_begin", from_nothing)


def relay_begins_where_the_furthest_is(plant: pytest.MonkeyPatch) -> None:
    """What the other partitions had not been told yet is told to nobody."""
    begin = Relay._begin

    async def ahead(relay: Any) -> None:
        await begin(relay)
        relay._read = relay.position = max(await relay._channel.open())
        relay._said = [0] * len(relay._said)

    plant.setattr(Relay, "_begin", ahead)


def erasures_not_finished(plant: pytest.MonkeyPatch) -> None:
    """What a process that died had begun is left as it is."""

    async def nobody(process: Any) -> set[str]:
        return set()

    plant.setattr(ErasureProcess, "_earlier", nobody)
    plant.setattr(ErasureProcess, "applied", lambda process, events, touched: None)


def backups_not_thought_of(plant: pytest.MonkeyPatch) -> None:
    """Erasures are finished by whoever hears of them, and those of earlier are taken for done."""

    async def nobody(process: Any) -> set[str]:
        return set()

    plant.setattr(ErasureProcess, "_earlier", nobody)


def keys_remembered(plant: pytest.MonkeyPatch) -> None:
    """A process goes on with the keys that it has read, whatever becomes of them."""
    plant.setattr(Vault, "_notice", lambda vault: None)


def addresses_not_free_again(plant: pytest.MonkeyPatch) -> None:
    plant.setitem(claim.CLAIM.decisions, claim.ReleaseClaim, lambda command, state: [])


def prices_begin_unnoticed(plant: pytest.MonkeyPatch) -> None:
    """A document keeps the price that was asked when it was made."""
    plant.setattr(Repricing, "_tell_of", lambda repricing, offers: None)


def sold_out_unnoticed(plant: pytest.MonkeyPatch) -> None:
    """Documents say in stock what has run out, until something else of the product changes."""
    plant.setattr(ShownStock, "remember", lambda shown, key, available: False)


MUTANTS: tuple[Plant, ...] = (
    prices_begin_unnoticed,
    sold_out_unnoticed,
    erasures_not_finished,
    backups_not_thought_of,
    keys_remembered,
    addresses_not_free_again,
    books_forget_earlier_parcels,
    differences_stay_open,
    verdicts_not_asked_for,
    holds_not_swept,
    holds_not_replaced,
    uses_not_given_back,
    accounts_not_limited,
    gaps_passed_over,
    relay_forgets_where_it_was,
    relay_begins_where_the_furthest_is,
    version_check_dropped,
    replies_not_looked_up,
    acknowledged_before_the_commit,
    lost_reply_taken_for_success,
    holds_not_counted,
    sweep_early,
    charged_under_a_new_key,
    refunded_twice,
    payments_not_taken_up_again,
    checkouts_not_looked_after,
    events_left_out_of_views,
    unlisted_while_open,
    posted_twice,
    captured_twice,
    card_not_looked_at,
    card_not_given_back,
    capture_taken_for_the_first,
    disputes_opened_again,
    disputed_money_given_back,
    books_ahead_of_their_orders,
    *TELLING_MUTANTS,
    *DROP_MUTANTS,
)
