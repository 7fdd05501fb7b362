"""Receivers of webhooks: outside of every process, and not to be relied on.

They are slow, answer with an error, are away for a while, take what is sent and lose the answer, and some say one day
that they want no more. What they took is held against the log when it arrives: it was committed, somebody asked for
it, it is signed, and what comes again is the same under the same id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context
from dataclasses import dataclass, field
from random import Random

import msgspec

from commands.mapper import recorded
from domain.ids import delivery_id
from domain.outgoing.delivery import DeliveryParked, pause_after
from kontor.simulation.store import Disk, Faults
from kontor.simulation.violation import Verdict
from streams.gateways.port import BadSignature
from streams.gateways.signatures import Signer
from streams.outgoing.courier import Pacing
from streams.outgoing.port import NotSent
from streams.outgoing.published import type_of
from streams.outgoing.webhooks import payload

PACING = Pacing(pace=0.2, idle=1.0, call=0.4, claim=2.5, retry=0.2, pause=0.05)
"""Everything a twentieth or so of what it is, as lives are short here. A claim is longer than a round of calls, as it
has to be."""
LOST, ANSWER_LOST, GOES_AWAY = 0.03, 0.06, 0.02
AWAY_S = 3.0
"""On average; three days are four seconds here (``chance.py``)."""


class _Told(msgspec.Struct):
    """Of the body, what a receiver needs to know whether it had it before."""

    id: str
    position: str


_decode = msgspec.json.Decoder(_Told).decode


@dataclass
class Receiver:
    """One that is told of events, and what it has of them; ``slow_s`` is how late it may answer."""

    subscription_id: str
    secret: str
    types: frozenset[str]
    after: int
    """The position beyond which it is to be told."""
    flaky: float
    """How often it answers with an error."""
    slow_s: float
    requests_max: int | None = None
    """After so many it wants no more."""
    requests: int = 0
    away_until: float = 0.0
    ended: bool = False
    """Whoever subscribed it has been told that the subscription is deleted."""
    asked: set[str] = field(default_factory=set)
    """Events that somebody wanted sent (once more)."""
    last: int = 0
    """The last event in the log that it is to be told of."""
    taken: dict[str, int] = field(default_factory=dict)
    """How often, by event id."""
    named: dict[str, str] = field(default_factory=dict)
    """The ``webhook-id`` under which it was told of each event."""
    ids: dict[str, str] = field(default_factory=dict)
    """The other way round."""
    first_at_rest: set[str] = field(default_factory=set)
    """Events that it was told of for the first time when all was at rest."""

    @property
    def url(self) -> str:
        return f"https://{self.subscription_id}.example/hook"


class Receivers:
    """All of them, and the network between; a ``Sender`` of webhooks."""

    def __init__(self, disk: Disk, faults: Faults, chance: Random, now: Callable[[], float], verdict: Verdict) -> None:
        """``now`` gives seconds."""
        self.faults = faults
        self.at_rest = False
        """Nothing goes wrong any more, and the clocks agree."""
        self.known: dict[str, Receiver] = {}
        """By subscription id."""
        self.by_delivery: dict[str, Receiver] = {}
        """By the stream that knows how far it was told."""
        self._by_url: dict[str, Receiver] = {}
        self.disk = disk
        self._chance = chance
        self._now = now
        self.verdict = verdict
        self._outside = Context()

    def add(self, subscription_id: str, secret: str, types: frozenset[str], after: int) -> Receiver:
        chance = self._chance
        one = Receiver(
            subscription_id,
            secret,
            types,
            after,
            flaky=chance.choice((0.0, 0.0, 0.1, 0.4)),
            slow_s=chance.choice((0.0, 0.1, 0.1, 0.8)),
            requests_max=chance.choice((None, None, None, 20)),
        )
        self.known[subscription_id] = self._by_url[one.url] = self.by_delivery[delivery_id(subscription_id)] = one
        return one

    def heard(self, topic: str, position: int) -> None:
        """Of an event that is in the log."""
        name = type_of(topic)
        for one in self.known.values():
            if name in one.types and position > one.after:
                one.last = position

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """Whoever sends may be killed meanwhile; what was sent arrives all the same. Raises NotSent."""
        one = self._by_url[url]
        if one.ended:
            self.verdict.fail(f"{one.subscription_id} is told of something, and was told before that it had ended")
        work = self._serve(one, body, headers)
        return await asyncio.shield(asyncio.get_running_loop().create_task(work, context=self._outside.copy()))

    async def close(self) -> None:
        pass

    async def _serve(self, one: Receiver, body: bytes, headers: dict[str, str]) -> int:
        faults, name = self.faults, one.subscription_id
        await faults.wire()
        event_id = self._judged(one, body, headers)
        if faults.strikes(LOST, f"a webhook never arrives at {name}"):
            raise NotSent("ClientConnectorError")
        if not faults.calm and (self._now() < one.away_until or faults.strikes(GOES_AWAY, f"{name} goes away")):
            one.away_until = max(one.away_until, self._now() + faults.chance.expovariate(1 / AWAY_S))
            raise NotSent("ClientConnectorError")
        one.requests += 1
        if one.requests_max is not None and one.requests > one.requests_max:
            return 410
        if not faults.calm:
            await asyncio.sleep(faults.chance.random() * one.slow_s)
        if faults.strikes(one.flaky, f"{name} answers with an error"):
            return 500
        one.taken[event_id] = one.taken.get(event_id, 0) + 1
        if faults.strikes(ANSWER_LOST, f"{name} has taken {event_id}, and nobody hears of it"):
            raise NotSent("ServerDisconnectedError")
        await faults.wire()
        return 204

    def _judged(self, one: Receiver, body: bytes, headers: dict[str, str]) -> str:
        """The event that it is about, held against the log."""
        name, verdict = one.subscription_id, self.verdict
        try:
            webhook_id = Signer(one.secret).verify(headers, body, int(headers["webhook-timestamp"]))
        except BadSignature as error:
            verdict.fail(f"{name} cannot tell from whom a webhook is: {error}")
        told = _decode(body)
        stream, _, version = told.id.rpartition("/")
        rows = self.disk.streams.get(stream, ())
        if len(rows) < int(version):
            verdict.fail(f"{name} is told of {told.id}, which is not in the log")
        row = rows[int(version) - 1]
        if body != payload(recorded(row)):
            verdict.fail(f"{name} is told {body!r} of {told.id}, which is another event")
        if type_of(row.topic) not in one.types or not (row.position > one.after or told.id in one.asked):
            verdict.fail(f"{name} is told of {told.id} ({row.topic}) at {row.position}, and did not ask for it")
        if one.ids.setdefault(webhook_id, told.id) != told.id:
            verdict.fail(f"{name} is told of {told.id} and of {one.ids[webhook_id]} under one id")
        if self.at_rest and told.id not in one.named:
            one.first_at_rest.add(told.id)
        if one.named.setdefault(told.id, webhook_id) != webhook_id:
            verdict.fail(f"{name} is told of {told.id} again, under another id")
        return told.id


def given_up_too_early(parked: DeliveryParked, kept_ms: int) -> bool:
    """Whether the next attempt would have come while there was time (ms), however the pause before it was drawn."""
    return parked.at + 1.2 * pause_after(parked.attempts) * PACING.pause < parked.since + kept_ms
