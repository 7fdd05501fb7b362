"""What strangers and damaged disks may send is refused in the one way that is promised, and nothing else is raised."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from commands import mapper
from commands.mapper import NO_META, recorded_or_unreadable
from commands.store.port import Row
from domain.errors import Invalid
from domain.recorded import Unreadable
from domain.stored import codec, upcasters
from domain.stored.codec import DAMAGED, UnknownEvent, decode, encode
from streams.broker import messages
from streams.broker.messages import Message
from streams.gateways import callbacks, signatures
from streams.gateways.callbacks import read_callback
from streams.gateways.port import BadSignature, Captured, Declined, Notice
from streams.gateways.signatures import Signer
from streams.gateways.stripe import notices
from streams.gateways.stripe.notices import read_notice
from tests.domain.corpus import files, read
from tests.fuzz.guided import Document, Hunt, hunt

pytestmark = pytest.mark.fuzz
RUNS = 6_000
PACKED = Document(msgspec.msgpack.decode, msgspec.msgpack.encode)
TEXT = Document(msgspec.json.decode, msgspec.json.encode)
CORPUS = [read(path) for path in files()]
META = msgspec.msgpack.encode(NO_META)
NOW = 1_700_000_000


def seeds() -> list[bytes]:
    """Topic and bytes in one, so that the topic is changed as well."""
    return [msgspec.msgpack.encode([stored.topic, msgspec.msgpack.decode(stored.data)]) for stored in CORPUS]


def split(data: bytes) -> tuple[str, bytes]:
    try:
        topic, value = msgspec.msgpack.decode(data, type=tuple[str, msgspec.Raw])
    except DAMAGED:
        return "order.placed@1", data
    return topic, bytes(value)


def decoded(data: bytes) -> None:
    """What can be read stays the same when it is written and read again."""
    topic, value = split(data)
    event = decode(topic, value)
    again = decode(codec.TOPICS[type(event)], encode(event))
    if again != event:
        raise AssertionError(f"{event} became {again}")


def codec_hunt(begin: list[bytes], runs: int = RUNS) -> Hunt:
    """Through the codec and its upcasters."""
    return hunt(decoded, begin, [codec, upcasters], (UnknownEvent, *DAMAGED), runs, Random(1), PACKED)


def test_events_are_read_or_refused_in_two_ways() -> None:
    found = codec_hunt(seeds())
    assert found.broken is None, found.broken


def test_a_message_on_the_topic_has_its_event_or_none() -> None:
    """A worker takes the event from the log then, and would not get past the message otherwise."""

    def taken(data: bytes) -> None:
        row = Message(0, 7, data).row
        assert row is None or row.position == 7

    good = [msgspec.msgpack.encode(Row(7, "ord_1", 1, stored.topic, META, stored.data, b"h" * 32)) for stored in CORPUS]
    found = hunt(taken, good, [messages], (), RUNS, Random(7), PACKED)
    assert found.broken is None, found.broken


def test_whoever_goes_on_gets_something_in_its_place() -> None:
    def taken(data: bytes) -> None:
        topic, value = split(data)
        event = recorded_or_unreadable(Row(7, "ord_1", 1, topic, META, value, b"")).event
        assert isinstance(event, Unreadable) or codec.TOPICS[type(event)]

    found = hunt(taken, seeds(), [mapper, codec, upcasters], (), RUNS // 3, Random(2), PACKED)
    assert found.broken is None, found.broken


# webhooks: of the right sender, whose key is known to nobody else, and saying anything


def simulated(data: bytes) -> None:
    signer = Signer(b"k" * 32)
    read_callback(signer, data, signer.headers("msg_1", NOW, data), NOW * 1000)


def unsigned(data: bytes) -> None:
    """The headers are a stranger's as well."""
    head, _, body = data.partition(b"\n")
    values = head.decode("latin-1").split("|")
    headers = dict(zip(("webhook-id", "webhook-timestamp", "webhook-signature"), values, strict=False))
    read_callback(Signer(b"k" * 32), body, headers, NOW * 1000)
    raise AssertionError("it was taken for the provider's")


def stripes(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    monkeypatch.setattr("stripe._webhook.time.time", lambda: NOW)

    def target(data: bytes) -> None:
        signed = hmac.new(b"secret", b"%d." % NOW + data, hashlib.sha256).hexdigest()
        read_notice(data, {notices.HEADER: f"t={NOW},v1={signed}"}, "secret")

    return target


CALLBACKS = [
    msgspec.json.encode(Notice("pay_1/1", Captured())),
    msgspec.json.encode(Notice("pay_1/1", Declined("card_declined"))),
    b'{"type":"disputed","reference":"ch_1"}',
]
SHAPES = Path(__file__).parent.parent / "streams" / "stripe_shapes"
KINDS = (
    "payment_intent.amount_capturable_updated",
    "payment_intent.payment_failed",
    "payment_intent.succeeded",
    "payment_intent.canceled",
    "refund.updated",
    "charge.dispute.created",
    "charge.updated",
)


def of_stripe() -> list[bytes]:
    subject: dict[str, Any] = {
        "id": "pi_1",
        "object": "payment_intent",
        "status": "succeeded",
        "metadata": {mark: "pay_1/1" for mark in (notices.AUTHORIZE, notices.CAPTURE, notices.REFUND, notices.VOID)},
        "last_payment_error": {"code": "card_declined"},
        "failure_reason": "expired_or_canceled_card",
        "payment_intent": "pi_1",
    }
    return [msgspec.json.encode({"type": kind, "data": {"object": subject}}) for kind in KINDS]


def test_what_the_provider_signs_is_read_or_refused() -> None:
    found = hunt(simulated, CALLBACKS, [callbacks, signatures], (BadSignature, Invalid), RUNS, Random(3), TEXT)
    assert found.broken is None, found.broken


def test_nobody_else_is_taken_for_the_provider() -> None:
    signer = Signer(b"another" * 5)
    genuine = [b"|".join(value.encode() for value in signer.headers("msg_1", NOW, body).values()) for body in CALLBACKS]
    given = [headers + b"\n" + body for headers, body in zip(genuine, CALLBACKS, strict=True)]
    found = hunt(unsigned, given, [callbacks, signatures], (BadSignature,), RUNS, Random(4), TEXT)
    assert found.broken is None, found.broken


def test_what_stripe_signs_is_read_or_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found = hunt(stripes(monkeypatch), of_stripe(), [notices], (BadSignature, Invalid), RUNS // 2, Random(5), TEXT)
    assert found.broken is None, found.broken


# the fuzzer itself


def test_it_finds_an_upcaster_that_trusts_what_it_lifts(monkeypatch: pytest.MonkeyPatch) -> None:
    step = upcasters.STEPS["order.refund_granted", 1]

    def trusting(data: dict[str, Any]) -> dict[str, Any]:
        return step(data | {"reason": data["reason"] or "refund"})

    monkeypatch.setitem(upcasters.STEPS, ("order.refund_granted", 1), trusting)
    older = [seed for seed in seeds() if split(seed)[0].endswith("@1") and split(seed)[0] not in codec.TOPICS.values()]
    found = codec_hunt(older, 4 * RUNS)
    assert found.broken is not None
    assert isinstance(found.broken.error, KeyError)


def locked(data: bytes) -> None:
    """Each step is seen in the lines alone, and by chance nobody takes all of them."""
    for at, letter in enumerate(b"key"):
        if data[at : at + 1] != bytes([letter]):
            return
        LOCKS[at]()
    raise ZeroDivisionError


LOCKS: list[Callable[[], object]] = [
    lambda: "first",
    lambda: "second",
    lambda: "third",
]


def test_it_goes_step_by_step_where_chance_alone_would_not_come() -> None:
    import tests.fuzz.test_guided as here

    document = Document(bytes.decode, str.encode)
    seed = [b"aaaa"]
    found = hunt(locked, seed, [here], (), 60_000, Random(6), document)
    assert found.broken is not None
    assert found.broken.data[:3] == b"key"
    blind = hunt(locked, seed, [], (), 20_000, Random(6), document)
    assert blind.broken is None
