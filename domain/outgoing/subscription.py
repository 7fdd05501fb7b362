"""Subscriptions: who is told of what, by webhooks. One stream, ``sub_book``, holds all of them.

They are few and looked at together: whoever sends must know them all, and so must the limit on their number. How far
each of them has been told is another matter (``delivery.py``).
"""

from __future__ import annotations

from msgspec.structs import replace

from domain.decider import Command, Decider, Event, State
from domain.errors import Invalid, LimitExceeded, NotFound

BOOK = "sub_book"
SUBSCRIPTIONS_MAX = 50
URL_MAX = 2_000
PATTERNS_MAX = 100
GONE = "gone"
"""Why one is disabled: its receiver answered 410."""


class SubscriptionCreated(Event, frozen=True):
    subscription_id: str
    url: str
    types: tuple[str, ...]
    """Patterns such as ``order.*``."""
    secret: bytes
    """What signs the messages, sealed for the subscription's own id."""
    after: int
    """Events beyond this position are told."""
    at: int


class SubscriptionDisabled(Event, frozen=True):
    subscription_id: str
    reason: str
    at: int


class SubscriptionDeleted(Event, frozen=True):
    subscription_id: str
    at: int


class CreateSubscription(Command, frozen=True):
    book_id: str
    subscription_id: str
    url: str
    types: tuple[str, ...]
    secret: bytes
    after: int
    at: int


class DisableSubscription(Command, frozen=True):
    book_id: str
    subscription_id: str
    reason: str
    at: int


class DeleteSubscription(Command, frozen=True):
    book_id: str
    subscription_id: str
    at: int


class Subscription(State, frozen=True):
    """``disabled`` says why it is told nothing any more; empty while it is."""

    url: str
    types: tuple[str, ...]
    secret: bytes
    after: int
    created_at: int
    updated_at: int
    version: int = 1
    disabled: str = ""


class Subscriptions(State, frozen=True):
    all: dict[str, Subscription] = {}


def subscription_of(book: Subscriptions, subscription_id: str) -> Subscription:
    """Raises NotFound."""
    known = book.all.get(subscription_id)
    if known is None:
        raise NotFound("no such subscription")
    return known


def require_room(book: Subscriptions) -> None:
    """Raises LimitExceeded."""
    if len(book.all) >= SUBSCRIPTIONS_MAX:
        raise LimitExceeded(
            f"there are at most {SUBSCRIPTIONS_MAX} subscriptions; delete one first", limit=SUBSCRIPTIONS_MAX
        )


def create(command: CreateSubscription, book: Subscriptions) -> list[Event]:
    if command.subscription_id in book.all:
        return []
    require_room(book)
    if len(command.url) > URL_MAX:
        raise Invalid(f"at most {URL_MAX} characters", "/url")
    if not 1 <= len(command.types) <= PATTERNS_MAX:
        raise Invalid(f"1 to {PATTERNS_MAX} types of events", "/types")
    assert command.secret, "sealed before it gets here"
    return [
        SubscriptionCreated(
            command.subscription_id, command.url, command.types, command.secret, command.after, command.at
        )
    ]


def disable(command: DisableSubscription, book: Subscriptions) -> list[Event]:
    known = subscription_of(book, command.subscription_id)
    return [] if known.disabled else [SubscriptionDisabled(command.subscription_id, command.reason, command.at)]


def delete(command: DeleteSubscription, book: Subscriptions) -> list[Event]:
    subscription_of(book, command.subscription_id)
    return [SubscriptionDeleted(command.subscription_id, command.at)]


def created(book: Subscriptions, event: SubscriptionCreated) -> Subscriptions:
    one = Subscription(event.url, event.types, event.secret, event.after, event.at, event.at)
    return Subscriptions({**book.all, event.subscription_id: one})


def disabled(book: Subscriptions, event: SubscriptionDisabled) -> Subscriptions:
    known = book.all.get(event.subscription_id)
    if known is None:
        return book
    one = replace(known, disabled=event.reason, updated_at=event.at, version=known.version + 1)
    return Subscriptions({**book.all, event.subscription_id: one})


def deleted(book: Subscriptions, event: SubscriptionDeleted) -> Subscriptions:
    return Subscriptions({name: one for name, one in book.all.items() if name != event.subscription_id})


SUBSCRIPTIONS = Decider(
    name="subscription",
    initial=Subscriptions(),
    states=Subscriptions,
    decisions={CreateSubscription: create, DisableSubscription: disable, DeleteSubscription: delete},
    evolutions={SubscriptionCreated: created, SubscriptionDisabled: disabled, SubscriptionDeleted: deleted},
)
