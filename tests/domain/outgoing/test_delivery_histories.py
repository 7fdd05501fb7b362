"""Whatever comes of the attempts, in whatever order: each effect is settled, waits or is parked; none is forgotten."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.outgoing.delivery import (
    DELIVERY,
    KEPT_MS,
    OPEN_MAX,
    AskDelivery,
    Attempt,
    BeginDelivery,
    Delivery,
    DeliveryParked,
    DropParked,
    RecordAttempts,
    RetryParked,
    TakeDelivery,
    pause_after,
)

ID = "dlv_1"
KINDS = ("sent", "skipped", "failed", "failed", "failed", "hopeless")


class World:
    """A courier that does as the state says, an outside that does as it likes, and somebody who meddles."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.state: Any = Delivery()
        self.now = 1
        self.events = 0
        self.done: set[str] = set()
        self.decide(BeginDelivery(ID, 0))

    def decide(self, command: Any) -> list[Any]:
        decided = DELIVERY.decide(command, self.state)
        self.state = DELIVERY.fold(decided, self.state)
        return decided

    def round(self) -> None:
        self.now += self.data.draw(st.integers(1, 12 * 3_600_000), "time passes")
        self.decide(TakeDelivery(ID, "me", self.now, self.now + 60_000))
        due = self.state.due(self.now)
        fresh = self.data.draw(st.integers(0, min(5, self.state.room)), "new events")
        first, self.events = self.events + 1, self.events + fresh
        tried = [(key, one.position, one.attempts, one.since) for key, one in due.items()]
        tried += [(f"e/{n}", n, 0, 0) for n in range(first, first + fresh)]
        attempts = tuple(self.attempt(*one) for one in tried)
        before = self.state.position
        self.decide(RecordAttempts(ID, "me", self.now, self.now + 60_000, self.events, attempts))
        assert self.state.position >= before
        self.done |= {one.event_id for one in attempts if one.kind in ("sent", "skipped")}

    def attempt(self, key: str, position: int, made: int, since: int) -> Attempt:
        kind = self.data.draw(st.sampled_from(KINDS), key)
        return Attempt(key, position, kind, "reason", self.now + pause_after(made + 1), since)

    def meddle(self) -> None:
        parked = sorted(self.state.parked)
        if parked and self.data.draw(st.booleans(), "about what is parked"):
            key = self.data.draw(st.sampled_from(parked), "which")
            if self.state.room and self.data.draw(st.booleans(), "again"):
                self.decide(RetryParked(ID, key, self.now))
            else:
                self.decide(DropParked(ID, key))
                self.done.add(key)
        elif self.events and self.state.room:
            number = self.data.draw(st.integers(1, self.events), "once more")
            self.decide(AskDelivery(ID, f"e/{number}", number, self.now))
            self.done.discard(f"e/{number}")

    def check(self) -> None:
        waiting, parked = set(self.state.open), set(self.state.parked)
        assert not waiting & parked
        assert waiting | parked | self.done == {f"e/{n}" for n in range(1, self.events + 1)}
        assert not self.done & (waiting | parked)
        assert len(waiting) <= OPEN_MAX
        assert all(one.again_at <= one.since + KEPT_MS for one in self.state.open.values())


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_no_effect_is_forgotten(data: Any) -> None:
    world = World(data)
    for _ in range(data.draw(st.integers(1, 15), "rounds")):
        world.round()
        world.check()
        if data.draw(st.booleans(), "somebody meddles"):
            world.meddle()
            world.check()


def test_whatever_never_succeeds_is_parked_within_three_days() -> None:
    world: Any = World(None)
    world.decide(TakeDelivery(ID, "me", world.now, 1 << 60))
    attempts, since, made, parked = 0, 0, 0, []
    while not parked:
        assert attempts < 100, "it is never given up"
        again_at = world.now + pause_after(made + 1)
        one = Attempt("e/1", 1, "failed", "reason", again_at, since)
        parked = [
            e
            for e in world.decide(RecordAttempts(ID, "me", world.now, 1 << 60, 1, (one,)))
            if isinstance(e, DeliveryParked)
        ]
        attempts += 1
        if not parked:
            since, made = world.state.open["e/1"].since, world.state.open["e/1"].attempts
            world.now = again_at
    assert (attempts, parked[0].attempts) == (21, 21)
    assert world.now - parked[0].since <= KEPT_MS
