"""Whatever was once stored can be read and folded for ever."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import msgspec
import pytest

from commands.routes import DECIDERS
from domain.buyers.cart import CartCheckedOut
from domain.checkout import saga
from domain.decider import Decider, Event
from domain.orders.order import OrderPlaced
from domain.pricing.pricing import verify_quote
from domain.recorded import Meta, Recorded
from domain.stored.codec import EVENTS, TOPICS, UnknownEvent, decode, encode
from domain.stored.upcasters import STEPS
from tests.domain.corpus import FOLDER, Stored, digests, files, read
from tests.domain.corpus.old import OLD

CORPUS = [read(path) for path in files()]
META = Meta(1, 1, "", "", "ord_1", "", "", b"")
every_shape = pytest.mark.parametrize("stored", CORPUS, ids=lambda stored: stored.name)


def decider_of(event: Event) -> Decider:
    (decider,) = (
        decider for decider in DECIDERS.values() if type(event) in decider.evolutions or unused(event, decider)
    )
    return decider


def unused(event: Event, decider: Decider) -> bool:
    """An event that changes no state still belongs to the aggregate whose module defines it."""
    known = next(iter(decider.evolutions))
    return type(event).__module__ == known.__module__


# the files


def test_a_file_once_written_is_never_edited():
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files()}
    assert found == digests(), "new files: python -m tests.domain.corpus.generate; written ones stay as they are"


def test_every_stored_shape_there_ever_was_has_a_file():
    registered = {f"{name}@{version}" for name, (current, _) in EVENTS.items() for version in range(1, current + 1)}
    missing = registered - {stored.topic for stored in CORPUS}
    assert sorted(missing) == [], "give examples.py an example and run python -m tests.domain.corpus.generate"


@every_shape
def test_a_file_is_what_it_says(stored: Stored):
    assert re.fullmatch(re.escape(stored.topic) + r"(\.[a-z]+)?", stored.name)
    assert msgspec.json.decode(msgspec.json.encode(msgspec.msgpack.decode(stored.data))) == stored.plain


@pytest.mark.parametrize("kind", TOPICS, ids=lambda kind: kind.__name__)
def test_every_field_of_todays_events_is_in_the_corpus(kind: type[Event]):
    names = {name for stored in CORPUS if stored.topic == TOPICS[kind] for name in stored.plain}
    missing = {field.encode_name for field in msgspec.structs.fields(kind)} - names
    assert sorted(missing) == [], "a new optional field wants another file for this topic, or a new version"


# reading


@every_shape
def test_every_shape_decodes_to_todays_type(stored: Stored):
    event = decode(stored.topic, stored.data)
    name = stored.topic.partition("@")[0]
    assert type(event) is EVENTS[name][1]
    assert decode(TOPICS[type(event)], encode(event)) == event


@pytest.mark.parametrize("stored", [s for s in CORPUS if s.topic in TOPICS.values()], ids=lambda stored: stored.name)
def test_what_is_written_today_is_written_in_the_same_bytes(stored: Stored):
    assert encode(decode(stored.topic, stored.data)) == stored.data


@every_shape
def test_every_shape_folds_whatever_came_before(stored: Stored):
    event = decode(stored.topic, stored.data)
    decider = decider_of(event)
    others = [
        decode(other.topic, other.data) for other in CORPUS if decider_of(decode(other.topic, other.data)) is decider
    ]
    for length in range(len(others) + 1):
        state = decider.evolve(decider.fold(others[:length]), event)
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=decider.states) == state


@every_shape
def test_every_shape_is_taken_in_by_a_checkout(stored: Stored):
    placed = next(event for event in map(decoded, CORPUS) if isinstance(event, OrderPlaced))
    begun = saga.begin(Recorded(1, "ord_1", 1, placed, META, b""))
    for stream in ("ord_1", *(line.stock_id for line in begun.lines)):
        taken_in = saga.evolve(begun, Recorded(2, stream, 1, decoded(stored), META, b""))
        assert taken_in is not None
        saga.next_commands(taken_in, 1)


def decoded(stored: Stored) -> Event:
    return decode(stored.topic, stored.data)


@pytest.mark.parametrize("stored", [s for s in CORPUS if s.topic.startswith("order.placed@")], ids=lambda s: s.name)
def test_every_order_can_be_proved_to_the_cent_for_ever(stored: Stored):
    event = decoded(stored)
    assert isinstance(event, OrderPlaced)
    assert verify_quote(event.quote) == ()


# versions


def as_said(now: Any, then: Any) -> Any:
    """``now`` without the fields, at any depth, that ``then`` did not have."""
    if isinstance(now, dict):
        return {name: as_said(now[name], then[name]) for name in then}
    if isinstance(now, list):
        return [as_said(one, other) for one, other in zip(now, then, strict=True)]
    return now


@pytest.mark.parametrize("topic", OLD)
def test_lifting_keeps_what_was_said(topic: str):
    (stored,) = (stored for stored in CORPUS if stored.topic == topic)
    event = decoded(stored)
    again: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(event))
    assert as_said(again, stored.plain) == stored.plain
    assert again.keys() - stored.plain.keys() == set(), "defaults are not written"


def test_an_order_of_version_1_has_no_limits_backorders_or_holds_of_its_cart():
    (stored,) = (stored for stored in CORPUS if stored.topic == "order.placed@1")
    event = decoded(stored)
    assert isinstance(event, OrderPlaced)
    assert (event.limits, event.backorder, event.cart_holds) == ({}, (), ())
    assert (event.account_id, event.address, event.quote.totals.grand.amount) == ("usr_01J", b"\x00sealed\xff", 4328)


def test_a_cart_checked_out_in_version_1_names_no_quantities():
    (stored,) = (stored for stored in CORPUS if stored.topic == "cart.checked_out@1")
    event = decoded(stored)
    assert isinstance(event, CartCheckedOut)
    assert (event.item_ids, event.taken) == (("lin_01K", "lin_02K"), {})


def test_every_older_version_has_a_step_and_no_step_leads_nowhere():
    older = {(name, version) for name, (current, _) in EVENTS.items() for version in range(1, current)}
    assert set(STEPS) == older


FROM_THE_FUTURE = [f"{name}@{version + 1}" for name, (version, _) in EVENTS.items()]
NEVER_WRITTEN = [
    "order.placed@0",
    "cart.opened@0",
    "order.placed@-1",
    "order.placed@two",
    "order.placed@",
    "order.placed",
]


@pytest.mark.parametrize(
    "topic", [*FROM_THE_FUTURE, *NEVER_WRITTEN, "order.forgotten@1", "", "domain.order:OrderPlaced"]
)
def test_what_this_version_does_not_know_is_said_to_be_unknown(topic: str):
    with pytest.raises(UnknownEvent):
        decode(topic, b"\x80")


@pytest.mark.parametrize("topic", ["order.placed@1", "order.placed@2", "cart.opened@1"])
@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x80", b"\x90", b"\x01", b"\x81\xa2at"])
def test_damaged_bytes_are_said_to_be_damaged(topic: str, data: bytes):
    with pytest.raises(msgspec.MsgspecError):
        decode(topic, data)


def test_stored_names_are_chosen():
    topics = list(TOPICS.values())
    assert len(set(topics)) == len(topics) == len(EVENTS)
    for topic in topics:
        assert re.fullmatch(r"[a-z]+\.[a-z]+(_[a-z]+)*@[1-9][0-9]*", topic), topic
    paths = {f"{kind.__module__}.{kind.__qualname__}".lower() for kind in TOPICS}
    assert not paths & {topic.partition("@")[0] for topic in topics}


def test_every_event_of_every_aggregate_has_a_stored_name():
    assert {kind for decider in DECIDERS.values() for kind in decider.evolutions} <= set(TOPICS)
    assert FOLDER.is_dir()
