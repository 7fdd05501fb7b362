"""The dead letters: what could not be done and waits for somebody to look at it.

projection   an event that a view could not take in, or one after it in its stream
search       a product whose document the search engine refused
delivery     an event that somebody outside could not be told of for three days, or never will be
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from commands.aggregates import fold
from commands.errors import UnreadableStream
from commands.store.port import EventLog
from domain.ids import delivery_id
from domain.instants import instant
from domain.outgoing.delivery import Delivery
from domain.outgoing.subscription import BOOK, Subscription, Subscriptions
from domain.stored.codec import decode_meta
from projections.folding import Parked
from streams.outgoing.notices import COURIERS

LISTED_MAX = 1_000
"""Of each source; more than that is one trouble, not a thousand."""


class Stuck(NamedTuple):
    kind: str
    key: str
    """Names it among all of them."""
    name: str
    """The projection, the product, or whom it was to be delivered to."""
    reason: str
    stream: str | None = None
    position: int | None = None
    since: int | None = None
    """When the event was recorded, or the delivery failed first (ms); None where nobody knows."""
    attempts: int | None = None


def stuck_json(stuck: Stuck) -> dict[str, Any]:
    return {
        "kind": stuck.kind,
        "key": stuck.key,
        "name": stuck.name,
        "stream": stuck.stream,
        "position": None if stuck.position is None else str(stuck.position),
        "since": None if stuck.since is None else instant(stuck.since),
        "attempts": stuck.attempts,
        "reason": stuck.reason,
    }


async def events(log: EventLog, parked: Sequence[tuple[str, Parked]]) -> list[Stuck]:
    """Events that views could not take in, by projection. Raises StorageUnavailable."""
    return [
        Stuck(
            "projection",
            f"{projection}/{event.position}",
            projection,
            event.error,
            event.stream,
            event.position,
            await _recorded_at(log, event.position),
        )
        for projection, event in parked[:LISTED_MAX]
    ]


def documents(refused: Mapping[str, str]) -> list[Stuck]:
    return [Stuck("search", f"search/{product}", product, reason, product) for product, reason in refused.items()]


async def deliveries(log: EventLog) -> list[Stuck]:
    """To subscribers who are still told anything, and to buyers. A stream that cannot be read is stuck as a whole.

    Raises StorageUnavailable.
    """
    try:
        told = {delivery_id(key): key for key in (*await subscriptions(log), *COURIERS)}
    except UnreadableStream as error:
        return [Stuck("delivery", BOOK, BOOK, str(error), BOOK)]
    found: list[Stuck] = []
    for stream, loaded in (await log.load(list(told))).items():
        try:
            delivery: Any = fold(stream, loaded).state
        except UnreadableStream as error:
            found.append(Stuck("delivery", stream, told[stream], str(error), stream))
        else:
            found += _given_up(stream, told[stream], delivery)
    return found


def _given_up(stream: str, name: str, delivery: Delivery) -> list[Stuck]:
    return [
        Stuck(
            "delivery",
            f"{stream}/{event_id}",
            name,
            one.reason,
            event_id.rpartition("/")[0],
            one.position,
            one.since,
            one.attempts,
        )
        for event_id, one in delivery.parked.items()
    ]


async def subscriptions(log: EventLog) -> dict[str, Subscription]:
    """Those that are not deleted, as of the last commit. Raises StorageUnavailable, UnreadableStream."""
    book: Any = fold(BOOK, (await log.load([BOOK]))[BOOK]).state
    assert isinstance(book, Subscriptions)
    return book.all


async def delivered(log: EventLog, streams: Iterable[str]) -> dict[str, Delivery]:
    """How far each is. Raises StorageUnavailable, UnreadableStream."""
    states: dict[str, Any] = {
        stream: fold(stream, loaded).state for stream, loaded in (await log.load(list(streams))).items()
    }
    return states


async def _recorded_at(log: EventLog, position: int) -> int | None:
    rows = await log.read(position - 1, 1)
    try:
        return decode_meta(rows[0].meta).recorded_at
    except (IndexError, ValueError):  # damaged, which is perhaps why it is parked
        return None
