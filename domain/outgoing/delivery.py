"""Delivery: how far somebody outside has been told what happened here. Stream ``dlv_…``, one for each who is told.

The intent of an effect is the event that calls for it, so what is due follows from the log, and this stream holds only
what cannot be known from there: the position up to which everything went out, and the few effects that did not go out
at the first attempt. One worker at a time is at it; should it vanish, another goes on when its time is up and repeats
what was not recorded, under the same keys.
"""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from domain.decider import Command, Decider, Event, State
from domain.errors import IllegalTransition, LimitExceeded, NotFound

OPEN_MAX = 200
"""Effects that wait for another attempt. While there are so many nothing new is begun."""
PARKED_MAX = 1_000
"""The newest are remembered; the log has all."""
KEPT_MS = 72 * 3_600_000
"""An effect whose next attempt would be later than this after its first failure is parked."""
FIRST_PAUSE_MS = 5_000
LONGEST_PAUSE_MS = 8 * 3_600_000

T = TypeVar("T")

SENT, SKIPPED, FAILED, HOPELESS = "sent", "skipped", "failed", "hopeless"


def pause_after(attempts: int) -> int:
    """Milliseconds until the next attempt, before any jitter: 5 s, doubled up to 8 hours."""
    return min(FIRST_PAUSE_MS << min(attempts - 1, 20), LONGEST_PAUSE_MS)


# events


class DeliveryBegun(Event, frozen=True):
    position: int


class DeliveryTaken(Event, frozen=True):
    worker: str
    until: int


class DeliveryReleased(Event, frozen=True):
    worker: str


class DeliveryAdvanced(Event, frozen=True):
    """Everything up to ``position`` was seen to, but for what failed; the worker goes on until ``until``."""

    position: int
    until: int
    sent: int


class DeliveryFailed(Event, frozen=True):
    event_id: str
    position: int
    attempts: int
    again_at: int
    at: int
    reason: str


class DeliverySettled(Event, frozen=True):
    """Of one that had failed or was asked for: it was ``sent``, or there is nothing to send any more."""

    event_id: str
    outcome: str
    reason: str = ""


class DeliverySkipped(Event, frozen=True):
    """There was nothing to send, such as a mail to somebody who wants none."""

    event_id: str
    reason: str


class DeliveryParked(Event, frozen=True):
    event_id: str
    position: int
    attempts: int
    since: int
    at: int
    reason: str


class DeliveryAsked(Event, frozen=True):
    """Somebody wants it (once more), now."""

    event_id: str
    position: int
    at: int


class DeliveryHurried(Event, frozen=True):
    """The other side is back: what waits need not wait any longer."""

    at: int


class DeliveryDropped(Event, frozen=True):
    event_id: str


# commands


class BeginDelivery(Command, frozen=True):
    delivery_id: str
    position: int


class TakeDelivery(Command, frozen=True):
    delivery_id: str
    worker: str
    at: int
    until: int


class ReleaseDelivery(Command, frozen=True):
    delivery_id: str
    worker: str


class Attempt(State, frozen=True):
    """What came of one effect. ``kind``: ``sent``, ``skipped``, ``failed`` (again later) or ``hopeless``; ``since``: of
    the open one that was tried, 0 for one that was due for the first time."""

    event_id: str
    position: int
    kind: str
    reason: str = ""
    again_at: int = 0
    since: int = 0


class RecordAttempts(Command, frozen=True):
    delivery_id: str
    worker: str
    at: int
    until: int
    position: int
    attempts: tuple[Attempt, ...] = ()


class AskDelivery(Command, frozen=True):
    delivery_id: str
    event_id: str
    position: int
    at: int


class RetryParked(Command, frozen=True):
    delivery_id: str
    event_id: str
    at: int


class DropParked(Command, frozen=True):
    delivery_id: str
    event_id: str


# state


class Open(State, frozen=True):
    position: int
    attempts: int
    since: int
    again_at: int
    reason: str = ""


class Parked(State, frozen=True):
    position: int
    attempts: int
    since: int
    at: int
    reason: str


class Delivery(State, frozen=True):
    """``position`` is -1 until it has begun; ``open`` and ``parked`` are by event id."""

    position: int = -1
    worker: str = ""
    until: int = 0
    open: dict[str, Open] = {}
    parked: dict[str, Parked] = {}

    @property
    def room(self) -> int:
        return max(0, OPEN_MAX - len(self.open))

    def taken_from(self, worker: str, at: int) -> bool:
        """Whether another worker is at it."""
        return self.worker not in ("", worker) and self.until > at

    def due(self, at: int) -> dict[str, Open]:
        return {event_id: one for event_id, one in self.open.items() if one.again_at <= at}


# decide


def begin(command: BeginDelivery, state: Delivery) -> list[Event]:
    return [DeliveryBegun(command.position)] if state.position < 0 else []


def take(command: TakeDelivery, state: Delivery) -> list[Event]:
    if state.taken_from(command.worker, command.at):
        raise IllegalTransition("another worker is at it")
    return [DeliveryTaken(command.worker, command.until)]


def release(command: ReleaseDelivery, state: Delivery) -> list[Event]:
    return [DeliveryReleased(command.worker)] if state.worker == command.worker else []


def record(command: RecordAttempts, state: Delivery) -> list[Event]:
    """Nothing of a worker whose time was up: another has taken over and does the same once more."""
    if state.worker != command.worker:
        return []
    events: list[Event] = []
    for attempt in command.attempts:
        events += _outcome(attempt, state.open.get(attempt.event_id), command.at)
    sent = sum(attempt.kind == SENT for attempt in command.attempts)
    if sent and not state.room:
        events.append(DeliveryHurried(command.at))
    if events or command.position > state.position:
        events.append(DeliveryAdvanced(max(command.position, state.position), command.until, sent))
    return events


def _outcome(attempt: Attempt, known: Open | None, at: int) -> list[Event]:
    if known is not None and known.since != attempt.since:
        return []  # it was asked for while this was under way, and is still to be done
    if attempt.kind in (SENT, SKIPPED):
        if known is not None:
            return [DeliverySettled(attempt.event_id, attempt.kind, attempt.reason)]
        return [DeliverySkipped(attempt.event_id, attempt.reason)] if attempt.kind == SKIPPED else []
    made = known.attempts + 1 if known is not None else 1
    since = known.since if known is not None else at
    if attempt.kind == HOPELESS or attempt.again_at > since + KEPT_MS:
        return [DeliveryParked(attempt.event_id, attempt.position, made, since, at, attempt.reason)]
    return [DeliveryFailed(attempt.event_id, attempt.position, made, attempt.again_at, at, attempt.reason)]


def ask(command: AskDelivery, state: Delivery) -> list[Event]:
    if command.event_id not in state.open and not state.room:
        raise LimitExceeded(f"{OPEN_MAX} deliveries wait for another attempt already", limit=OPEN_MAX)
    return [DeliveryAsked(command.event_id, command.position, command.at)]


def retry(command: RetryParked, state: Delivery) -> list[Event]:
    parked = _parked(command.event_id, state)
    return ask(AskDelivery(command.delivery_id, command.event_id, parked.position, command.at), state)


def drop(command: DropParked, state: Delivery) -> list[Event]:
    _parked(command.event_id, state)
    return [DeliveryDropped(command.event_id)]


def _parked(event_id: str, state: Delivery) -> Parked:
    parked = state.parked.get(event_id)
    if parked is None:
        raise NotFound("no such delivery is parked")
    return parked


# evolve


def failed(state: Delivery, event: DeliveryFailed) -> Delivery:
    known = state.open.get(event.event_id)
    since = known.since if known is not None else event.at
    one = Open(event.position, event.attempts, since, event.again_at, event.reason)
    return replace(state, open={**state.open, event.event_id: one})


def parked(state: Delivery, event: DeliveryParked) -> Delivery:
    one = Parked(event.position, event.attempts, event.since, event.at, event.reason)
    kept = {**state.parked, event.event_id: one}
    for oldest in list(kept)[: max(0, len(kept) - PARKED_MAX)]:
        del kept[oldest]
    return replace(state, open=_without(state.open, event.event_id), parked=kept)


def asked(state: Delivery, event: DeliveryAsked) -> Delivery:
    one = Open(event.position, 0, event.at, event.at)
    opened = {**state.open, event.event_id: one}
    return replace(state, open=opened, parked=_without(state.parked, event.event_id))


def hurried(state: Delivery, event: DeliveryHurried) -> Delivery:
    soon = {key: replace(one, again_at=min(one.again_at, event.at)) for key, one in state.open.items()}
    return replace(state, open=soon)


def _without(known: dict[str, T], event_id: str) -> dict[str, T]:
    return {key: one for key, one in known.items() if key != event_id}


DELIVERY = Decider(
    name="delivery",
    initial=Delivery(),
    states=Delivery,
    decisions={
        BeginDelivery: begin,
        TakeDelivery: take,
        ReleaseDelivery: release,
        RecordAttempts: record,
        AskDelivery: ask,
        RetryParked: retry,
        DropParked: drop,
    },
    evolutions={
        DeliveryBegun: lambda state, event: replace(state, position=event.position),
        DeliveryTaken: lambda state, event: replace(state, worker=event.worker, until=event.until),
        DeliveryReleased: lambda state, event: replace(state, worker="", until=0),
        DeliveryAdvanced: lambda state, event: replace(state, position=event.position, until=event.until),
        DeliveryFailed: failed,
        DeliverySettled: lambda state, event: replace(state, open=_without(state.open, event.event_id)),
        DeliverySkipped: lambda state, event: state,
        DeliveryParked: parked,
        DeliveryAsked: asked,
        DeliveryHurried: hurried,
        DeliveryDropped: lambda state, event: replace(state, parked=_without(state.parked, event.event_id)),
    },
)
