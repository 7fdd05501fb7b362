"""Notices to buyers by mail: whom they reach, that none is lost, and that repetitions can be told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from commands.mapper import recorded
from commands.store.memory import MemoryLog
from commands.vault import Vault
from domain.buyers.account import ChangeProfile, EraseAccount
from domain.orders.order import CancelOrder, ConfirmOrder
from kontor.settings import BadSettings, Settings, load
from kontor.wiring.notifying import Notifying
from streams.outgoing.mail import mail_server as parsed
from streams.outgoing.mail import sender_of
from streams.outgoing.port import skipped
from tests.mailserver import MailBox, bodies, mail_server
from tests.streams.outgoing.sender import dying_before_the_record
from tests.streams.outgoing.sending import Sender
from tests.waiting import until


@asynccontextmanager
async def sending(log: MemoryLog, vault: Vault, url: str) -> AsyncIterator[Sender]:
    sender = Sender(log, vault, url)
    await sender.start()
    try:
        yield sender
    finally:
        await sender.close()


@pytest.fixture
async def sender(log: MemoryLog, vault: Vault, box: MailBox) -> AsyncIterator[Sender]:
    async with sending(log, vault, box.url) as sender:
        yield sender


async def test_a_buyer_is_told(sender: Sender, box: MailBox) -> None:
    order_id = await sender.confirmed()
    [letter] = await box.got(1)
    assert box.recipients == ["ada@example.com"]
    assert letter["From"] == "Nordwald <orders@shop.example>"
    assert letter["To"] == "Ada Lovelace <ada@example.com>"
    assert letter["Subject"] == f"Your order {order_id} is confirmed"
    assert letter["Message-ID"].endswith("@shop.example>")
    assert letter["Auto-Submitted"] == "auto-generated"
    text, html = bodies(letter)
    assert "2 x Toner" in text or "1 x Toner" in text
    assert "<html" in html
    await sender.submit(CancelOrder(order_id, "cancelled"))
    letters = await box.got(2)
    assert letters[1]["Subject"] == f"Your order {order_id} was cancelled"
    assert letters[1]["Message-ID"] != letter["Message-ID"]


@pytest.mark.parametrize("email", ["jurgen@example.com", "jürgen@bücher.example", '"j.x"@example.com'])
async def test_addresses_and_names_of_the_whole_world(sender: Sender, box: MailBox, email: str) -> None:
    name = "Jürgen “Jü” Groß, Söhne"
    await sender.confirmed(1, email=email, name=name)
    [letter] = await box.got(1)
    assert box.recipients == [email.replace('"', "")]  # the quotes are not needed
    shown = letter["To"].addresses[0].display_name
    assert shown.encode("utf-8", "surrogateescape").decode() == name


async def test_who_was_erased_is_told_nothing_and_the_log_says_so(sender: Sender, box: MailBox) -> None:
    order_id = await sender.buys()
    account_id = order_id.replace("ord_", "usr_")
    await sender.submit(EraseAccount(account_id))
    await asyncio.to_thread(sender.vault.destroy_key, account_id)
    await sender.submit(ConfirmOrder(order_id))
    await until(lambda: sender.delivery.position > 0)
    assert await sender.outcomes() == [("DeliverySkipped", "erased")]
    assert box.attempts == 0


async def test_a_key_that_is_gone_before_the_event_is_there(sender: Sender, box: MailBox) -> None:
    order_id = await sender.buys()
    await asyncio.to_thread(sender.vault.destroy_key, order_id.replace("ord_", "usr_"))
    await sender.submit(ConfirmOrder(order_id))
    await until(lambda: sender.delivery.position > 0)
    assert await sender.outcomes() == [("DeliverySkipped", "erased")]


async def test_who_wants_to_hear_nothing_does_not(sender: Sender, box: MailBox) -> None:
    order_id = await sender.buys()
    await sender.submit(ChangeProfile(order_id.replace("ord_", "usr_"), told_of_orders=False))
    await sender.submit(ConfirmOrder(order_id))
    await until(lambda: sender.delivery.position > 0)
    assert await sender.outcomes() == [("DeliverySkipped", "not wanted")]
    assert box.attempts == 0


async def test_a_server_that_refuses_for_a_while(sender: Sender, box: MailBox) -> None:
    box.answers = ["451 4.7.1 greylisted, come back later", "421 4.3.2 shutting down"]
    await sender.confirmed()
    [letter] = await box.got(1)
    assert box.attempts == 3
    await until(lambda: sender.delivery.position > 0 and not sender.delivery.open)
    assert [name for name, _ in await sender.outcomes()] == ["DeliveryFailed", "DeliveryFailed", "DeliverySettled"]
    assert letter["Message-ID"]


@pytest.mark.parametrize(("password", "answer"), [("s%3Acret", ""), ("wrong", "the mail server answered 535")])
async def test_a_server_that_wants_a_password(log: MemoryLog, vault: Vault, password: str, answer: str) -> None:
    async with mail_server(("orders", "s:cret")) as box:
        url = box.url.replace("//", f"//orders:{password}@")
        async with sending(log, vault, url) as sender:
            await sender.confirmed()
            if answer:
                await until(lambda: [one.reason for one in sender.delivery.open.values()] == [answer])
            else:
                await box.got(1)


async def test_a_server_that_is_not_there(log: MemoryLog, vault: Vault, unused_tcp_port: int) -> None:
    async with sending(log, vault, f"smtp://127.0.0.1:{unused_tcp_port}") as sender:
        await sender.confirmed()
        await until(lambda: len(sender.delivery.open) == 1)
        [one] = sender.delivery.open.values()
        assert one.reason == "SMTPConnectError"


@pytest.mark.parametrize(
    ("refuse", "reason"),
    [
        ("unknown", "the mail server refused the recipient: 550"),
        ("answers", "the mail server refused the message: 554"),
    ],
)
async def test_what_is_refused_for_good_is_parked_without_a_word_about_whom(
    sender: Sender, box: MailBox, refuse: str, reason: str
) -> None:
    if refuse == "unknown":
        box.unknown = {"ada@example.com"}
    else:
        box.answers = ["554 5.7.1 ada@example.com is on a list"]
    await sender.confirmed()
    await until(lambda: len(sender.delivery.parked) == 1)
    [one] = sender.delivery.parked.values()
    assert one.reason == reason


async def test_an_address_that_cannot_be_written_to(sender: Sender, box: MailBox) -> None:
    await sender.confirmed(1, email="ada\r\nBcc: all@example.com@example.com")
    await until(lambda: len(sender.delivery.parked) == 1)
    [one] = sender.delivery.parked.values()
    assert (one.reason, box.attempts) == ("the address cannot be written to", 0)


async def test_between_sending_and_recording_a_crash_repeats_the_same_letter(
    log: MemoryLog, vault: Vault, box: MailBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = Sender(log, vault, box.url)
    await dying.start()
    with dying_before_the_record(dying.deliveries, monkeypatch):
        await dying.confirmed()
        await box.got(1)
    async with sending(log, vault, box.url) as next_one:
        first, second = await box.got(2)
        assert first["Message-ID"] == second["Message-ID"]
        assert bodies(first) == bodies(second)
        await until(lambda: next_one.delivery.position > 0)
    assert len(box.letters) == 2
    await dying.close()


async def test_a_channel_tells_of_nothing_that_was_before_it(log: MemoryLog, vault: Vault, box: MailBox) -> None:
    before = Sender(log, vault, box.url)
    await before.engine.start()
    await before.confirmed(1)
    await before.engine.close()
    async with sending(log, vault, box.url) as sender:
        await sender.confirmed(2, email="grace@example.com")
        await box.got(1)
        await until(lambda: sender.delivery.position > 4)
    assert box.recipients == ["grace@example.com"]


async def test_without_a_mail_server_the_programs_log_tells_and_names_nobody(log: MemoryLog, vault: Vault) -> None:
    sender = Sender(log, vault, "smtp://127.0.0.1:1")
    silent = Notifying(Settings(), sender.engine, vault)
    assert await silent.targets() == []
    await sender.engine.start()
    sender.engine.listeners.append(silent.unconnected.committed)
    with capture_logs() as lines:
        order_id = await sender.confirmed()
        await until(lambda: lines != [])
    assert lines == [
        {
            "event": "notice_not_sent",
            "kind": "confirmed",
            "order": order_id,
            "channels": ["mail", "sms", "push"],
            "log_level": "info",
        }
    ]
    await sender.engine.close()


# settings


def test_a_mail_server_is_named_by_a_url() -> None:
    full = parsed("smtps://ada%40x:p%3Aw@mail.example")
    assert (full.host, full.port, full.username, full.password, full.tls, full.start_tls) == (
        "mail.example",
        465,
        "ada@x",
        "p:w",
        True,
        False,
    )
    assert parsed("smtp://mail.example:587").start_tls is None
    assert parsed("smtp://ada:pw@mail.example:587").start_tls is True, "a password is not sent in the clear"
    assert parsed("smtp://ada:pw@localhost:1025").start_tls is None
    assert sender_of("orders@shop.example").domain == "shop.example"


@pytest.mark.parametrize(
    "given",
    [
        {"smtp_url": "http://mail.example", "mail_from": "a@b.example"},
        {"smtp_url": "smtp://mail.example"},
        {"smtp_url": "smtp://mail.example", "mail_from": "nobody"},
        {"smtp_url": "smtp://ada:sesame/x@mail.example:25", "mail_from": "a@b.example"},
    ],
)
def test_settings_that_cannot_work_are_refused(given: dict[str, str]) -> None:
    with pytest.raises(BadSettings) as refused:
        load(**given)
    assert "mail.example" not in str(refused.value)
    assert "sesame" not in str(refused.value)


async def test_a_process_that_heard_of_less_says_no_less(log: MemoryLog, vault: Vault, box: MailBox) -> None:
    """One that follows another is a moment behind it, and reads events ahead of what it has folded in."""
    selling, writing = Sender(log, vault, box.url), Sender(log, vault, box.url)
    for process in (selling, writing):
        await process.engine.start()
    order_id = await selling.buys()
    [notices, *_] = await writing.notifying.targets()
    for stream in (order_id, order_id.replace("ord_", "usr_")):
        await writing.engine.state(stream)
    await selling.submit(ChangeProfile(order_id.replace("ord_", "usr_"), told_of_orders=False))
    await selling.submit(ConfirmOrder(order_id))
    [confirmed] = [row for row in await log.read(0, 1_000) if row.topic == "order.confirmed@1"]
    assert await notices.perform(recorded(confirmed)) == skipped("not wanted")
    for process in (selling, writing):
        await process.engine.close()
