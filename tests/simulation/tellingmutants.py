"""Bugs to be planted where others are told of what happens: webhooks, letters."""

from __future__ import annotations

from email.utils import formatdate
from itertools import count
from typing import Any

import pytest
from msgspec.structs import replace as with_fields

from commands.engine import Engine
from commands.mapper import recorded
from domain.buyers.account import ActiveAccount
from domain.outgoing import delivery
from domain.outgoing.delivery import SENT, Attempt
from streams.outgoing import notices, webhooks
from streams.outgoing.courier import Courier
from streams.outgoing.mail import MailChannel
from streams.outgoing.notices import TYPES, Notices, recipient_of
from streams.outgoing.port import Told, message_id
from streams.outgoing.published import type_of
from streams.outgoing.webhooks import Subscriber, Webhooks


def told_of_before_it_is_sent(plant: pytest.MonkeyPatch) -> None:
    """A round is put on record, and then made: what a crash interrupts, and what fails, is told to nobody."""
    record = Courier._record

    async def tell(courier: Any, now: int, state: Any, due: Any, found: Any) -> bool:
        again = [event for one in due.values() for event in await courier._event_at(one.position)]
        events = [*again, *(event for event in found.events if event.event_id not in state.open)]
        attempts = tuple(
            Attempt(event.event_id, event.position, SENT, since=getattr(state.open.get(event.event_id), "since", 0))
            for event in events
        )
        await record(courier, found.upto, attempts)
        for event in events:
            await courier._perform(event)
        return bool(events)

    plant.setattr(Courier, "_tell", tell)


def told_again_under_another_id(plant: pytest.MonkeyPatch) -> None:
    """Each attempt has an id of its own, so that nobody who was told twice can see it."""
    attempts = count()
    plant.setattr(webhooks, "message_id", lambda stream, event_id: message_id(stream, f"{event_id}/{next(attempts)}"))


def failures_forgotten(plant: pytest.MonkeyPatch) -> None:
    """What did not go out at the first attempt counts as done."""
    outcome = delivery._outcome

    def only_of_known(attempt: Any, known: Any, at: int) -> Any:
        return outcome(attempt, known, at) if known is not None else []

    plant.setattr(delivery, "_outcome", only_of_known)


def given_up_at_once(plant: pytest.MonkeyPatch) -> None:
    """What fails twice is parked, however much time there is."""
    outcome = delivery._outcome

    def soon(attempt: Any, known: Any, at: int) -> Any:
        late = known is not None and attempt.kind == delivery.FAILED
        return outcome(with_fields(attempt, kind=delivery.HOPELESS) if late else attempt, known, at)

    plant.setattr(delivery, "_outcome", soon)


def told_although_it_wants_no_more(plant: pytest.MonkeyPatch) -> None:
    """A receiver's 410 is taken for any other failure."""
    perform = Subscriber.perform

    async def told(subscriber: Any, event: Any) -> Told:
        answer = await perform(subscriber, event)
        return Told("sent") if answer.kind == "gone" else answer

    plant.setattr(Subscriber, "perform", told)


def signed_with_an_old_key(plant: pytest.MonkeyPatch) -> None:
    """A process signs for all of its subscribers with the first secret that it has opened."""
    targets = Webhooks.targets

    async def first(hooks: Any) -> Any:
        found = await targets(hooks)
        for one in found:
            one._id, one._secret = found[0]._id, found[0]._secret
        return found

    plant.setattr(Webhooks, "targets", first)


def letters_sent_before_the_commit(plant: pytest.MonkeyPatch) -> None:
    """By whoever decides, while the batch is still on its way."""
    init, fly = Notices.__init__, Engine._fly

    def known(notices: Any, engine: Any, *more: Any) -> None:
        init(notices, engine, *more)
        engine.letters = notices

    async def early(engine: Any, batch: Any, transaction: Any, writing: Any) -> bool:
        for row in batch.rows if hasattr(engine, "letters") else ():
            if type_of(row.topic) in TYPES:
                await engine.letters.perform(recorded(row))
        return await fly(engine, batch, transaction, writing)

    plant.setattr(Notices, "__init__", known)
    plant.setattr(Engine, "_fly", early)


def recipients_remembered(plant: pytest.MonkeyPatch) -> None:
    """A process writes to people as it has known them first, whatever becomes of them."""
    since = Engine.state_since

    async def remembered(engine: Any, stream: str, position: int) -> Any:
        known = engine.__dict__.setdefault("remembered", {})
        now = await since(engine, stream, position)
        return known.setdefault(stream, now) if isinstance(now, ActiveAccount) or stream in known else now

    def recipient(vault: Any, account_id: str, account: Any) -> Any:
        known = vault.__dict__.setdefault("remembered", {})
        return known.setdefault(account_id, recipient_of(vault, account_id, account))

    plant.setattr(Engine, "state_since", remembered)
    plant.setattr(notices, "recipient_of", recipient)


def letters_dated_when_sent(plant: pytest.MonkeyPatch) -> None:
    """So that a letter which comes again looks like another."""
    write, sent = MailChannel._message, count()

    def dated(channel: Any, notice: Any, recipient: Any) -> Any:
        message = write(channel, notice, recipient)
        message.replace_header("Date", formatdate(next(sent)))
        return message

    plant.setattr(MailChannel, "_message", dated)


TELLING_MUTANTS = (
    told_of_before_it_is_sent,
    told_again_under_another_id,
    failures_forgotten,
    given_up_at_once,
    told_although_it_wants_no_more,
    signed_with_an_old_key,
    letters_sent_before_the_commit,
    recipients_remembered,
    letters_dated_when_sent,
)
