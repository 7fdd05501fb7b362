"""Notices of wishes: who is told that something is back or costs less, that none is lost, and that none is doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from commands.context import system_context
from commands.engine import Engine, now_ms
from commands.mapper import recorded
from commands.store.memory import MemoryLog
from commands.vault import Vault
from domain.buyers.account import ChangeProfile, EraseAccount, RegisterAccount
from domain.buyers.watch import DAY_MS, WatcherCalled, WatchersLeft
from domain.buyers.wishlist import ClearWishlist, UnwishItem, WishItem, wishlist_of
from domain.catalog.product import CreateProduct, Description, DiscontinueProduct, Variant
from domain.decider import Command
from domain.inventory.inventory import AdjustStock, ReceiveStock
from domain.money import Money
from domain.sellers.offer import PutOffer, Terms, WithdrawOffer
from kontor.settings import Settings
from kontor.wiring.notifying import Notifying
from projections.views import Touched
from streams.outgoing.courier import Pacing
from streams.outgoing.process import DeliveryProcess
from tests.mailserver import MailBox, bodies
from tests.streams.outgoing.sender import dying_before_the_record
from tests.waiting import until

QUICK = Pacing(pace=0.01, idle=0.05, call=5.0, claim=0.4, retry=0.02, pause=0.005)
PRODUCT, SKU = "prd_1", "PEN-1"
SHOPS = ("shp_1", "shp_2")


def usd(amount: int) -> Money:
    return Money(amount, "USD")


class Market:
    """One process that sells one product and sends mail."""

    def __init__(self, log: MemoryLog, vault: Vault, url: str) -> None:
        self.ahead = 0
        """Of the real clock (ms)."""
        self.engine = Engine(log, clock=lambda: self.now)
        self.vault = vault
        settings = Settings(smtp_url=url, mail_from="Nordwald <orders@shop.example>")
        self.notifying = Notifying(settings, self.engine, vault, self.offers)
        self.deliveries = DeliveryProcess(self.engine, self.notifying.targets, pacing=QUICK)

    @property
    def now(self) -> int:
        return now_ms() + self.ahead

    async def offers(self, product_id: str, sku: str) -> Sequence[str]:
        return [f"off_{shop}.{sku}" for shop in SHOPS]

    async def start(self) -> None:
        await self.engine.start()
        self.engine.listeners.append(lambda events: self.deliveries.applied(events, Touched()))
        await self.deliveries.start()
        await self.caught_up()

    async def close(self) -> None:
        await self.deliveries.close()
        await self.engine.close()

    async def submit(self, *commands: Command) -> None:
        for command in commands:
            await self.engine.submit(command, system_context("test", self.now))

    async def opens(self) -> None:
        await self.submit(CreateProduct(PRODUCT, "usr_mo", Description("Pen & Ink"), (Variant(SKU),)))
        await self.sells()

    async def sells(self, price: int = 2000, shop: str = "shp_1") -> None:
        await self.submit(PutOffer(f"off_{shop}.{SKU}", PRODUCT, "USD", Terms(usd(price))))

    async def receives(self, count: int = 1, shop: str = "shp_1") -> None:
        await self.submit(ReceiveStock(f"stk_{shop}.{SKU}", count, self.now))

    async def loses(self, count: int = 1, shop: str = "shp_1") -> None:
        await self.submit(AdjustStock(f"stk_{shop}.{SKU}", -count, self.now))

    async def person(self, name: str = "ada", notified: bool = True) -> str:
        account = f"usr_{name}"
        self.vault.ensure_key(account)
        profile = self.vault.seal(account, {"name": name.title(), "email": f"{name}@example.com"})
        await self.submit(RegisterAccount(account, f"clm_email.{name}", profile))
        if notified:
            await self.submit(ChangeProfile(account, told_of_wishes=True))
        return account

    async def wishes(self, account: str, price: int | None = 2000, sold_out: bool = False) -> None:
        paid = None if price is None else usd(price)
        await self.submit(WishItem(wishlist_of(account), SKU, PRODUCT, self.now, paid, sold_out))

    async def caught_up(self) -> None:
        """Whatever is due was told, or has failed."""
        quiet = asyncio.get_running_loop().time() + 0.15
        head = -1
        while asyncio.get_running_loop().time() < quiet:
            await asyncio.sleep(0.01)
            if head != await self.engine.log.head():
                head = await self.engine.log.head()
                quiet = asyncio.get_running_loop().time() + 0.15

    async def events(self, kind: type) -> list[Any]:
        await self.engine.landing()  # what is decided is seen in memory before it is in the log
        found = [recorded(row).event for row in await self.engine.log.read(0, 100_000)]
        return [event for event in found if isinstance(event, kind)]

    async def skipped(self) -> list[str]:
        await self.engine.landing()  # what is decided is seen in memory before it is in the log
        found = [recorded(row).event for row in await self.engine.log.read(0, 1_000)]
        return [event.reason for event in found if type(event).__name__ == "DeliverySkipped"]


@asynccontextmanager
async def selling(log: MemoryLog, vault: Vault, url: str) -> AsyncIterator[Market]:
    market = Market(log, vault, url)
    await market.start()
    try:
        yield market
    finally:
        await market.close()


@pytest.fixture
async def market(log: MemoryLog, vault: Vault, box: MailBox) -> AsyncIterator[Market]:
    async with selling(log, vault, box.url) as market:
        await market.opens()
        yield market


async def test_what_was_sold_out_is_back(market: Market, box: MailBox) -> None:
    await market.wishes(await market.person(), sold_out=True)
    await market.receives()
    [letter] = await box.got(1)
    assert box.recipients == ["ada@example.com"]
    assert letter["Subject"] == "Back in stock: Pen & Ink"
    text, html = bodies(letter)
    assert "Pen & Ink (PEN-1): 20.00 USD" in text
    assert "switch notices of wishes off in your account" in text
    assert "<b>Pen &amp; Ink</b>" in html
    await market.receives()
    await market.caught_up()
    assert len(box.letters) == 1, "it had not run out"


async def test_what_runs_out_after_the_wish_is_told_again_on_another_day(market: Market, box: MailBox) -> None:
    await market.receives()
    await market.wishes(await market.person())
    for letters in (1, 1, 2):
        await market.loses()
        await market.receives()
        await box.got(letters)
        await market.caught_up()
        assert len(box.letters) == letters
        if len(await market.events(WatcherCalled)) == letters == 1:
            market.ahead += DAY_MS // 2
    assert [one.kind for one in await market.events(WatcherCalled)] == ["back_in_stock"] * 2


async def test_what_another_shop_had_all_the_time_is_not_back(market: Market, box: MailBox) -> None:
    await market.sells(2000, "shp_2")
    await market.receives(1, "shp_2")
    await market.wishes(await market.person())
    await market.receives(1, "shp_1")
    await market.caught_up()
    assert await market.events(WatcherCalled) == []
    await market.submit(WithdrawOffer(f"off_shp_2.{SKU}"))
    await market.loses()
    await market.receives()
    await box.got(1)


async def test_a_price_that_fell_enough_of_something_that_can_be_had(market: Market, box: MailBox) -> None:
    await market.wishes(await market.person())
    await market.sells(1000)
    await market.caught_up()
    assert box.attempts == 0, "there is none"
    await market.receives(5)
    await box.got(1)
    market.ahead += DAY_MS
    await market.sells(951)
    await market.caught_up()
    assert box.attempts == 1
    await market.sells(950)
    letter = (await box.got(2))[1]
    assert letter["Subject"] == "Costs less now: Pen & Ink"
    text = bodies(letter)[0]
    assert "Pen & Ink (PEN-1): 9.50 USD" in text
    assert "It was 10.00 USD when you wished it or last heard of it from us." in text


async def test_nobody_who_did_not_choose_it_leaves_a_trace(market: Market, box: MailBox) -> None:
    ada = await market.person(notified=False)
    await market.wishes(ada, sold_out=True)
    await market.receives()
    await market.caught_up()
    assert await market.engine.log.read_stream("wch_1") == []
    await market.loses()
    await market.submit(ChangeProfile(ada, told_of_wishes=True))
    await market.receives()
    await box.got(1)


@pytest.mark.parametrize("how", ["off", "unwished", "cleared", "erased"])
async def test_who_does_not_want_it_any_more(market: Market, box: MailBox, how: str) -> None:
    ada = await market.person()
    await market.wishes(ada, sold_out=True)
    await market.caught_up()
    ends: dict[str, Command] = {
        "off": ChangeProfile(ada, told_of_wishes=False),
        "unwished": UnwishItem(wishlist_of(ada), SKU),
        "cleared": ClearWishlist(wishlist_of(ada)),
        "erased": EraseAccount(ada),
    }
    await market.submit(ends[how])
    await market.receives()
    await market.caught_up()
    assert box.attempts == 0
    assert await market.skipped() == (["erased"] if how == "erased" else [])


@pytest.mark.parametrize(
    ("how", "reason"), [("off", "not wanted"), ("unwished", "not wished any more"), ("key", "erased")]
)
async def test_between_call_and_letter_it_may_be_ended(market: Market, box: MailBox, how: str, reason: str) -> None:
    box.answers = ["451 later"] * 3
    ada = await market.person()
    await market.wishes(ada, sold_out=True)
    await market.receives()
    await until(lambda: box.attempts)
    if how == "key":
        await asyncio.to_thread(market.vault.destroy_key, ada)
    elif how == "off":
        await market.submit(ChangeProfile(ada, told_of_wishes=False))
    else:
        await market.submit(UnwishItem(wishlist_of(ada), SKU))
    await market.caught_up()
    assert box.letters == []
    settled = [recorded(row).event for row in await market.engine.log.read_stream("dlv_mail_wishes")]
    assert [one.reason for one in settled if type(one).__name__ == "DeliverySettled"] == [reason]


async def test_nothing_is_told_of_what_is_not_sold_any_more(market: Market, box: MailBox) -> None:
    await market.wishes(await market.person(), sold_out=True)
    await market.submit(DiscontinueProduct(PRODUCT))
    await market.receives()
    await market.caught_up()
    assert await market.events(WatcherCalled) == []


async def test_a_crowd_is_called_in_rounds(market: Market, box: MailBox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.buyers.watch.CALLED_MAX", 3)
    for number in range(8):
        await market.wishes(await market.person(f"p{number}"), sold_out=True)
    await market.receives()
    await box.got(8)
    await market.caught_up()
    assert sorted(box.recipients) == [f"p{number}@example.com" for number in range(8)]
    assert len(await market.events(WatchersLeft)) == 2


async def test_what_happened_while_nobody_was_at_work_is_told_once(log: MemoryLog, vault: Vault, box: MailBox) -> None:
    async with selling(log, vault, box.url) as first:
        await first.opens()
        ada = await first.person()
    idle = Market(log, vault, box.url)
    await idle.engine.start()
    await idle.receives()
    await idle.wishes(ada)
    await idle.loses()
    await idle.receives()
    await idle.engine.close()
    for _ in range(2):
        async with selling(log, vault, box.url):
            await box.got(1)
    assert len(box.letters) == 1


async def test_a_crash_before_the_record_calls_nobody_twice(
    log: MemoryLog, vault: Vault, box: MailBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = Market(log, vault, box.url)
    await dying.start()
    await dying.opens()
    await dying.wishes(await dying.person(), sold_out=True)
    await dying.caught_up()
    with dying_before_the_record(dying.deliveries, monkeypatch):
        await dying.receives()
        await box.got(1)
    async with selling(log, vault, box.url) as next_one:
        await box.got(2)  # SMTP cannot tell whether the first one was taken
        await next_one.caught_up()
        assert len(await next_one.events(WatcherCalled)) == 1
    assert len({str(letter["Message-ID"]) for letter in box.letters}) == 1
    await dying.close()
