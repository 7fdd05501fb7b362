"""Deliveries to a receiving server: signed, at least once, retried, given up, and never into private networks."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from commands.engine import now_ms
from commands.errors import StorageUnavailable
from commands.store.memory import MemoryLog
from commands.vault import Vault
from domain.outgoing.delivery import AskDelivery, RecordAttempts, TakeDelivery
from domain.outgoing.subscription import BOOK, DeleteSubscription
from domain.sellers.shop import RenameShop
from streams.gateways.signatures import Signer
from streams.outgoing.courier import Pacing
from streams.outgoing.webhooks import Subscriber
from tests.receiver import Receiver, receiving
from tests.streams.outgoing.sender import DELIVERY, ID, Sender, sending
from tests.waiting import until


@pytest.fixture
async def sender(log: MemoryLog, vault: Vault) -> AsyncIterator[Sender]:
    async with sending(log, vault) as sender:
        yield sender


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


async def test_an_event_is_told_once_and_signed(sender: Sender, receiver: Receiver) -> None:
    await sender.happens(1)  # before anybody asked
    secret = await sender.subscribe(receiver.url)
    event_id = await sender.happens(2)
    [call] = await receiver.got(1)
    assert Signer(secret).verify(call.headers, call.body, now_ms() / 1000) == call.id
    assert call.headers["content-type"] == "application/json"
    payload = call.json
    assert (payload["id"], payload["type"], payload["data"]["name"]) == (event_id, "shop.opened", "Shop 2")
    assert payload["timestamp"] == payload["at"]
    await sender.rests(int(payload["position"]))
    await asyncio.sleep(0.1)
    assert len(receiver.calls) == 1
    assert sender.delivery.open == {}


async def test_only_the_types_that_were_asked_for(sender: Sender, receiver: Receiver) -> None:
    await sender.subscribe(receiver.url, "shop.renamed")
    await sender.happens(1)
    await sender.submit(RenameShop("shp_1", "Better"))
    [call] = await receiver.got(1)
    assert call.json["type"] == "shop.renamed"


async def test_many_events_cost_few_records(sender: Sender, receiver: Receiver) -> None:
    await sender.subscribe(receiver.url, "*")
    await asyncio.gather(*(sender.happens(number) for number in range(150)))
    await receiver.got(151)
    await sender.rests(151)
    event_ids = [call.json["id"] for call in receiver.calls]
    assert len(set(event_ids)) == len(event_ids) == 151  # its own subscription is the first
    records = [name for name in await sender.events() if name.startswith("delivery.")]
    assert len(records) < 15, records
    assert not [call for call in receiver.calls if call.json["type"].startswith("delivery.")]


async def test_what_fails_is_sent_again_under_the_same_id(sender: Sender, receiver: Receiver) -> None:
    receiver.answers = [500, 503, 302]
    await sender.subscribe(receiver.url)
    await sender.happens()
    calls = await receiver.got(4)
    assert len({(call.id, call.body) for call in calls}) == 1
    await until(lambda: sender.delivery.position > 0 and not sender.delivery.open)
    assert [name for name in await sender.events() if name in ("delivery.failed", "delivery.settled")] == [
        *["delivery.failed"] * 3,
        "delivery.settled",
    ]


async def test_how_far_everybody_was_told_and_what_waits(sender: Sender, receiver: Receiver) -> None:
    await sender.subscribe(receiver.url)
    await sender.subscribe(receiver.url, subscription_id="sub_02K")
    await sender.happens(1)
    await receiver.got(2)
    await until(lambda: sender.deliveries.positions.get("webhooks") == sender.engine.position)
    assert sender.deliveries.positions.keys() == {"webhooks"}
    receiver.answers = [500] * 4
    failed = await sender.happens(2)
    await until(lambda: sender.deliveries.failed > 0)
    await until(lambda: sender.deliveries.failed == 0 and failed in {call.json["id"] for call in receiver.calls})


async def test_one_failure_holds_nothing_else_up(sender: Sender, receiver: Receiver) -> None:
    receiver.answers = [500]
    await sender.subscribe(receiver.url)
    first, second = await sender.happens(1), await sender.happens(2)
    calls = await receiver.got(3)
    event_ids = [call.json["id"] for call in calls]
    assert set(event_ids) == {first, second}


async def test_a_redirect_is_not_followed(sender: Sender, receiver: Receiver) -> None:
    async with receiving() as elsewhere:
        receiver.answers, receiver.location = [307], elsewhere.url
        await sender.subscribe(receiver.url)
        await sender.happens()
        await receiver.got(2)
        assert elsewhere.calls == []


async def test_who_answers_410_is_told_nothing_more(sender: Sender, receiver: Receiver) -> None:
    receiver.answers = [410]
    await sender.subscribe(receiver.url)
    await sender.happens(1)
    await until(lambda: sender.engine.peek(BOOK).all[ID].disabled == "gone")
    await sender.happens(2)
    await asyncio.sleep(0.1)
    assert len(receiver.calls) == 1
    assert "subscription.disabled" in await sender.events()


async def test_one_that_is_deleted_while_its_receiver_answers_410_is_left_at_that(log: MemoryLog, vault: Vault) -> None:
    """The courier has nothing to try again, and nobody is told of an error."""
    sender = Sender(log, vault)
    await sender.start(sending=False)
    await sender.subscribe("http://127.0.0.1:9/hook")
    [subscriber] = await sender.webhooks.targets()
    await sender.submit(DeleteSubscription(BOOK, ID, now_ms()))
    await subscriber.gone()
    assert "subscription.disabled" not in await sender.events()
    await sender.close()


async def test_who_was_deleted_is_told_nothing_more(sender: Sender, receiver: Receiver) -> None:
    await sender.subscribe(receiver.url)
    await sender.happens(1)
    await receiver.got(1)
    await sender.submit(DeleteSubscription(BOOK, ID, now_ms()))
    await asyncio.sleep(0.05)
    await sender.happens(2)
    await asyncio.sleep(0.1)
    assert len(receiver.calls) == 1


async def test_a_slow_receiver_counts_as_failed(log: MemoryLog, vault: Vault, receiver: Receiver) -> None:
    pacing = Pacing(pace=0.01, idle=0.05, call=0.1, claim=0.4, retry=0.02, pause=0.005)
    async with sending(log, vault, pacing=pacing) as sender:
        receiver.slow_s = 0.5
        await sender.subscribe(receiver.url)
        await sender.happens()
        await receiver.got(2)
        assert sender.reasons == ["no answer in 0.1 s"]


async def test_an_answer_without_end_is_not_listened_to(sender: Sender) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b"x" * 65_536)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    await sender.subscribe(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    await sender.happens()
    await until(lambda: sender.delivery.position > 0, 5)
    assert sender.delivery.open == {}
    server.close()


async def test_nobody_there(sender: Sender, unused_tcp_port: int) -> None:
    await sender.subscribe(f"http://127.0.0.1:{unused_tcp_port}/hook")
    await sender.happens()
    await until(lambda: sender.reasons == ["ConnectionRefusedError"])


@pytest.mark.parametrize("url", ["https://127.0.0.1:{port}/hook", "https://localhost:{port}/hook"])
async def test_a_private_address_is_not_connected_to(
    log: MemoryLog, vault: Vault, receiver: Receiver, url: str
) -> None:
    async with sending(log, vault, private=False) as sender:
        await sender.subscribe(url.format(port=receiver.url.split(":")[2].split("/")[0]))
        await sender.happens()
        await until(lambda: sender.reasons == ["leads to a private address"])
    assert receiver.calls == []


async def test_after_three_days_it_is_parked(
    sender: Sender, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("domain.outgoing.delivery.KEPT_MS", 100)
    receiver.answers = [500] * 50
    await sender.subscribe(receiver.url)
    event_id = await sender.happens()
    await until(lambda: event_id in sender.delivery.parked)
    assert sender.delivery.open == {}


async def test_it_is_sent_again_when_asked(sender: Sender, receiver: Receiver) -> None:
    await sender.subscribe(receiver.url)
    event_id = await sender.happens()
    [first] = await receiver.got(1)
    await sender.rests(int(first.json["position"]))
    await sender.submit(AskDelivery(DELIVERY, event_id, int(first.json["position"]), now_ms()))
    calls = await receiver.got(2)
    assert (calls[1].id, calls[1].body) == (first.id, first.body)


async def test_two_subscribers_get_their_own(sender: Sender, receiver: Receiver) -> None:
    async with receiving() as other:
        secret = await sender.subscribe(other.url, subscription_id="sub_02K")
        await sender.subscribe(receiver.url)
        await sender.happens()
        [mine], [theirs] = await receiver.got(1), await other.got(1)
    assert mine.id != theirs.id
    assert mine.json == theirs.json
    assert Signer(secret).verify(theirs.headers, theirs.body, now_ms() / 1000)


# several processes, and those that end


async def test_of_two_processes_one_sends(log: MemoryLog, vault: Vault, receiver: Receiver) -> None:
    async with sending(log, vault) as one, sending(log, vault) as _:
        await one.subscribe(receiver.url)
        await asyncio.gather(*(one.happens(number) for number in range(40)))
        await receiver.got(40)
        await one.rests(40)
        await asyncio.sleep(0.2)
    assert len(receiver.calls) == 40


async def test_whoever_ends_waits_for_nobody_and_lets_the_next_go_on_at_once(
    log: MemoryLog, vault: Vault, receiver: Receiver
) -> None:
    pacing = Pacing(pace=0.01, idle=0.05, call=30, claim=3_600, close=0.05)
    async with sending(log, vault, pacing=pacing) as first:
        receiver.slow_s = 20
        await first.subscribe(receiver.url)
        await first.happens()
        await receiver.got(1)
        began = time.monotonic()
    assert time.monotonic() - began < 5
    receiver.slow_s = 0
    async with sending(log, vault, pacing=pacing):
        calls = await receiver.got(2)
        assert calls[0].id == calls[1].id


async def test_whoever_died_is_replaced_and_repeats_what_was_not_recorded(
    log: MemoryLog, vault: Vault, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = Sender(log, vault)
    await dying.start()
    await dying.subscribe(receiver.url)

    async def killed(*_: Any) -> None:
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        patch.setattr("streams.outgoing.courier.Courier._record", killed)
        patch.setattr("streams.outgoing.courier.Courier._release", killed)
        await dying.happens()
        [first] = await receiver.got(1)
        for _, task in dying.deliveries._couriers.values():
            task.cancel()
    dying.deliveries._couriers.clear()
    async with sending(log, vault):
        calls = await receiver.got(2)
        assert (calls[1].id, calls[1].body) == (first.id, first.body)
    await dying.close()


async def test_whoever_lost_its_claim_unawares_looks_again(
    log: MemoryLog, vault: Vault, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its record is refused, for another took over; should that one end without a record, nothing may be left out."""
    async with sending(log, vault) as sender:
        await sender.subscribe(receiver.url)
        await until(lambda: sender.delivery.position >= 0)
        perform = "streams.outgoing.webhooks.Subscriber.perform"
        original = Subscriber.perform

        async def robbed(target: Subscriber, event: Any) -> Any:
            result = await original(target, event)
            state = sender.delivery
            await sender.submit(TakeDelivery(DELIVERY, "thief", state.until + 1, state.until + 400))
            monkeypatch.undo()
            return result

        monkeypatch.setattr(perform, robbed)
        event_id = await sender.happens()
        calls = await receiver.got(2)
        assert [call.json["id"] for call in calls] == [event_id] * 2
        await sender.rests(int(calls[0].json["position"]))


async def test_a_record_that_the_log_would_not_take_is_made_later(
    sender: Sender, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit, away = sender.engine.submit, [StorageUnavailable("planted")] * 2

    def refusing(command: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(command, RecordAttempts) and away:
            raise away.pop()
        return submit(command, *arguments, **options)

    monkeypatch.setattr(sender.engine, "submit", refusing)
    await sender.subscribe(receiver.url)
    await sender.happens()
    calls = await receiver.got(3)
    assert len({(call.id, call.body) for call in calls}) == 1
    await sender.rests(int(calls[0].json["position"]))


async def test_what_breaks_is_logged_without_what_it_said(
    sender: Sender, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise RuntimeError("ada@example.com")

    monkeypatch.setattr("streams.outgoing.webhooks.Subscriber.perform", broken)
    await sender.subscribe(receiver.url)
    with capture_logs() as lines:
        await sender.happens()
        await until(lambda: sender.reasons == ["RuntimeError"])
    [line, *_] = [line for line in lines if line["event"] == "delivery_broke"]
    assert line["error"] == "RuntimeError"
    assert "ada@" not in str(lines)
