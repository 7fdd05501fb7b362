"""Letters about accounts: a link for whoever forgot a password, word of what changed, and nothing for anybody else."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest

from commands.engine import now_ms
from commands.linktokens import CONFIRMATION, EMAIL, PASSWORD, read
from commands.mapper import recorded
from commands.store.memory import MemoryLog
from commands.vault import Vault
from domain.buyers import confirmation
from domain.buyers.account import ChangeProfile, EraseAccount, NotePasswordChange, RegisterAccount
from domain.buyers.confirmation import AskConfirmation, ConfirmEmail, EmailConfirmationAsked
from domain.buyers.emailchange import AskEmailChange, ChangeEmail, EmailChangeAsked
from domain.buyers.reset import AGAIN_MS, VALID_MS, AskReset, reset_of
from domain.buyers.secondfactor import NoteRecoveryCodes, NoteSecondFactor
from domain.claim import TakeClaim
from domain.ids import claim_id, new_id
from domain.outgoing.delivery import Delivery, DeliveryAdvanced
from kontor.settings import BadSettings, Settings, load
from kontor.wiring.notifying import Notifying, letters_with_links
from streams.outgoing.port import sent, skipped
from streams.outgoing.process import DeliveryProcess
from tests.mailserver import MailBox, bodies
from tests.streams.outgoing.sending import QUICK, Sender
from tests.waiting import until

SHOP = "https://shop.example"
DELIVERY = "dlv_mail_accounts"
ADDRESS = "ada@example.com"
NEW = "ada.king@example.org"
LINK = re.compile(rf"{re.escape(SHOP)}/new-password#(kpr_[\w.-]+)")
CONFIRM_LINK = re.compile(rf"{re.escape(SHOP)}/confirm-email#(kec_[\w.-]+)")
EMAIL_LINK = re.compile(rf"{re.escape(SHOP)}/new-email#(kem_[\w.-]+)")


class Shop(Sender):
    """One process that sends mail, and whose clock is moved by hand."""

    def __init__(self, log: MemoryLog, vault: Vault, url: str, shop: str | None = SHOP) -> None:
        super().__init__(log, vault, url)
        settings = Settings(smtp_url=url, mail_from="Nordwald <orders@shop.example>", storefront_url=shop)
        self.notifying = Notifying(settings, self.engine, vault)
        self.deliveries = DeliveryProcess(self.engine, self.notifying.targets, pacing=QUICK)
        self.late = 0
        self.engine.clock = lambda: now_ms() + self.late

    async def opened(self, email: str = ADDRESS) -> str:
        """The id of an account with this address and the password ``one``."""
        account_id = new_id("account", now_ms(), email.encode().rjust(10)[:10])
        claim = claim_id("email", self.vault.email_lookup(email))
        await self.submit(TakeClaim(claim, account_id))
        await asyncio.to_thread(self.vault.ensure_key, account_id)
        await asyncio.to_thread(self.vault.set_password, account_id, "one")
        profile = self.vault.seal(account_id, {"name": "Ada Lovelace", "email": email})
        await self.submit(RegisterAccount(account_id, claim, profile))
        return account_id

    async def asked(self, email: str = ADDRESS, at: int | None = None) -> int:
        """When."""
        at = self.engine.clock() if at is None else at
        await self.submit(AskReset(reset_of(self.vault.email_lookup(email)), at))
        return at

    async def settled(self, doing: Awaitable[Any]) -> None:
        """Until what is done was told of, or was found to be nothing to tell."""
        before = await self.engine.log.head()
        await doing
        await until(lambda: self.accounts.position > before and not self.accounts.open)

    async def wants(self, account_id: str, email: str) -> tuple[str, int]:
        """The claim on the address that is asked for, and when."""
        claim, at = claim_id("email", self.vault.email_lookup(email)), self.engine.clock()
        sealed = self.vault.seal(account_id, {"email": email})
        await self.submit(AskEmailChange(account_id, claim, sealed, at))
        return claim, at

    @property
    def accounts(self) -> Delivery:
        state: Delivery = self.engine.peek(DELIVERY) or Delivery()
        return state


@pytest.fixture
async def shop(log: MemoryLog, vault: Vault, box: MailBox) -> AsyncIterator[Shop]:
    shop = Shop(log, vault, box.url)
    await shop.start()
    yield shop
    await shop.close()


def link_in(letter: Any) -> str:
    """The token of the link, which text and HTML have in common."""
    [token] = {token for body in bodies(letter) for token in LINK.findall(body)}
    return str(token)


async def test_whoever_has_the_address_is_brought_a_link_that_works(shop: Shop, box: MailBox) -> None:
    account_id = await shop.opened()
    asked_at = await shop.asked()
    [letter] = await box.got(1)
    assert box.recipients == [ADDRESS]
    assert letter["Subject"] == "Set a new password"
    assert letter["Auto-Submitted"] == "auto-generated"
    text, html = bodies(letter)
    assert "30 minutes" in text
    assert "30 minutes" in html
    token = read(PASSWORD, link_in(letter))
    assert token is not None
    assert (token.account_id, token.asked_at) == (account_id, asked_at)
    claim = claim_id("email", shop.vault.email_lookup(ADDRESS))
    assert await asyncio.to_thread(shop.vault.reset_password, token, claim, "two")


async def test_an_address_that_nobody_has_leaves_the_same_in_the_log(shop: Shop, box: MailBox) -> None:
    """Whoever watches how far the log moves learns nothing."""
    await shop.opened()
    traces = []
    for number, email in enumerate((ADDRESS, "nobody@example.com")):
        before = await shop.engine.log.head()
        await shop.settled(shop.asked(email))
        rows = [recorded(row) for row in await shop.engine.log.read(before, 100)]
        kinds = [type(row.event).__name__ for row in rows if row.stream == DELIVERY]
        advanced = [row.event.sent for row in rows if isinstance(row.event, DeliveryAdvanced)]
        traces.append((kinds[kinds.index("DeliveryAdvanced") :], advanced))
        assert len(box.letters) == 1, number
    assert traces[0] == traces[1]
    assert box.recipients == [ADDRESS]


async def test_an_erased_person_is_brought_nothing(shop: Shop, box: MailBox) -> None:
    account_id = await shop.opened()
    await shop.submit(EraseAccount(account_id))
    await shop.settled(shop.asked())
    assert (box.attempts, shop.accounts.open, shop.accounts.parked) == (0, {}, {})


async def test_who_wants_no_notices_is_brought_a_link_all_the_same(shop: Shop, box: MailBox) -> None:
    account_id = await shop.opened()
    await shop.submit(ChangeProfile(account_id, told_of_orders=False))
    await shop.asked()
    assert link_in((await box.got(1))[0])


async def test_a_letter_that_is_sent_again_is_the_same(shop: Shop, box: MailBox) -> None:
    box.answers = ["451 4.7.1 greylisted, come back later"]
    await shop.opened()
    await shop.asked()
    [letter] = await box.got(1)
    assert box.attempts == 2
    assert read(PASSWORD, link_in(letter)) is not None


async def test_a_letter_that_would_come_too_late_is_not_sent(shop: Shop, box: MailBox) -> None:
    await shop.opened()
    shop.late = VALID_MS + 1
    await shop.settled(shop.asked(at=now_ms() - 1))
    assert box.attempts == 0


async def test_a_password_that_changed_meanwhile_needs_no_link(shop: Shop, box: MailBox) -> None:
    account_id = await shop.opened()
    await asyncio.to_thread(shop.vault.set_password, account_id, "two")
    await shop.settled(shop.asked(at=now_ms() - AGAIN_MS))
    assert box.attempts == 0


async def test_where_links_lead_nowhere_whoever_runs_the_shop_is_told(
    log: MemoryLog, vault: Vault, box: MailBox
) -> None:
    shop = Shop(log, vault, box.url, None)
    await shop.start()
    await shop.opened()
    await shop.asked()
    await until(lambda: len(shop.accounts.parked) == 1)
    [one] = shop.accounts.parked.values()
    assert "KONTOR_STOREFRONT_URL" in one.reason
    await shop.close()


async def test_the_owner_is_told_that_the_password_changed(shop: Shop, box: MailBox) -> None:
    account_id = await shop.opened()
    await shop.submit(ChangeProfile(account_id, told_of_orders=False))
    await shop.submit(NotePasswordChange(account_id))
    [letter] = await box.got(1)
    assert box.recipients == [ADDRESS]
    assert letter["Subject"] == "Your password was changed"
    for body in bodies(letter):
        assert f"{SHOP}/forgotten-password" in body
        assert "kpr_" not in body


async def test_an_erased_owner_is_told_nothing(shop: Shop, box: MailBox) -> None:
    account_id = await shop.opened()
    await asyncio.to_thread(shop.vault.destroy_key, account_id)
    await shop.settled(shop.submit(NotePasswordChange(account_id)))
    assert box.attempts == 0


async def test_the_token_is_in_no_log(shop: Shop, box: MailBox, caplog: pytest.LogCaptureFixture) -> None:
    account_id = await shop.opened()
    box.answers = ["554 5.7.1 refused"]
    asked_at = await shop.asked()
    await until(lambda: len(shop.accounts.parked) == 1)
    claim = claim_id("email", shop.vault.email_lookup(ADDRESS))
    token = await asyncio.to_thread(shop.vault.link_token, PASSWORD, account_id, claim, asked_at)
    assert token is not None
    stored = b"".join(bytes(row.data) for row in await shop.engine.log.read(0, 1_000))
    assert account_id.encode() in stored
    assert token[-43:].encode() not in stored
    assert token[-43:] not in caplog.text


# another address


async def test_the_new_address_is_asked_and_the_old_one_told(shop: Shop, box: MailBox) -> None:
    account_id = await shop.opened()
    claim, at = await shop.wants(account_id, NEW)
    [letter] = await box.got(1)
    assert box.recipients == [NEW]
    assert letter["Subject"] == "Confirm your new e-mail address"
    assert letter["To"] == NEW
    assert all("Ada" not in body for body in bodies(letter)), "a stranger may have been meant"
    [found] = {found for body in bodies(letter) for found in EMAIL_LINK.findall(body)}
    token = read(EMAIL, found)
    assert token is not None
    assert (token.account_id, token.asked_at) == (account_id, at)
    assert await asyncio.to_thread(shop.vault.link_holds, EMAIL, token, claim)
    sealed = shop.vault.seal(account_id, {"name": "Ada Lovelace", "email": NEW})
    was = shop.vault.seal(account_id, {"email": ADDRESS})
    await shop.submit(ChangeEmail(account_id, claim, sealed, was))
    letters = await box.got(2)
    assert box.recipients == [NEW, ADDRESS]
    assert letters[1]["Subject"] == "Your e-mail address was changed"
    assert all(NEW not in body and "Ada Lovelace" in body for body in bodies(letters[1]))


async def test_an_address_that_is_not_wanted_any_more_is_not_asked(shop: Shop) -> None:
    account_id = await shop.opened()
    await shop.wants(account_id, "mistyped@example.com")
    await shop.wants(account_id, NEW)
    [accounts] = [target for target in await shop.notifying.targets() if target.delivery_id == DELIVERY]
    events = [recorded(row) for row in await shop.engine.log.read_stream(account_id)]
    first, second = [event for event in events if isinstance(event.event, EmailChangeAsked)]
    assert await accounts.perform(first) == skipped("not wanted any more")
    assert await accounts.perform(second) == sent()


@pytest.mark.parametrize("why", ["late", "password", "erased"])
async def test_a_new_address_is_not_asked_in_vain(shop: Shop, box: MailBox, why: str) -> None:
    account_id = await shop.opened()
    at = now_ms()
    if why == "late":
        shop.late = VALID_MS + 1_000
    elif why == "password":
        at -= 5_000
    sealed = shop.vault.seal(account_id, {"email": NEW})
    if why == "erased":
        await asyncio.to_thread(shop.vault.destroy_key, account_id)
    claim = claim_id("email", shop.vault.email_lookup(NEW))
    await shop.settled(shop.submit(AskEmailChange(account_id, claim, sealed, at)))
    assert box.attempts == 0


# the address itself


async def test_whoever_gave_an_address_is_asked_there_whether_it_is_theirs(shop: Shop, box: MailBox) -> None:
    account_id = await shop.opened()
    at = shop.engine.clock()
    await shop.submit(AskConfirmation(account_id, at))
    [letter] = await box.got(1)
    assert box.recipients == [ADDRESS]
    assert letter["Subject"] == "Confirm your e-mail address"
    assert all("Ada" not in body and "3 days" in body for body in bodies(letter))
    [found] = {found for body in bodies(letter) for found in CONFIRM_LINK.findall(body)}
    token = read(CONFIRMATION, found)
    assert token is not None
    assert (token.account_id, token.asked_at) == (account_id, at)
    claim = claim_id("email", shop.vault.email_lookup(ADDRESS))
    assert await asyncio.to_thread(shop.vault.link_holds, CONFIRMATION, token, claim)


async def test_what_is_confirmed_by_then_is_not_asked(shop: Shop, box: MailBox) -> None:
    account_id = await shop.opened()
    await shop.submit(AskConfirmation(account_id, shop.engine.clock()))
    await box.got(1)
    await shop.submit(ConfirmEmail(account_id, claim_id("email", shop.vault.email_lookup(ADDRESS))))
    [accounts] = [target for target in await shop.notifying.targets() if target.delivery_id == DELIVERY]
    events = [recorded(row) for row in await shop.engine.log.read_stream(account_id)]
    [asked] = [event for event in events if isinstance(event.event, EmailConfirmationAsked)]
    assert await accounts.perform(asked) == skipped("not wanted any more")


@pytest.mark.parametrize("why", ["late", "password", "erased"])
async def test_nobody_is_asked_in_vain(shop: Shop, box: MailBox, why: str) -> None:
    account_id = await shop.opened()
    at = now_ms()
    if why == "late":
        shop.late = confirmation.VALID_MS + 1_000
    elif why == "password":
        at -= 5_000
    else:
        await asyncio.to_thread(shop.vault.destroy_key, account_id)
    await shop.settled(shop.submit(AskConfirmation(account_id, at)))
    assert box.attempts == 0


# settings


@pytest.mark.parametrize("missing", ["smtp_url", "storefront_url"])
def test_links_need_a_mail_server_and_somewhere_to_lead(missing: str) -> None:
    given = {"smtp_url": "smtp://mail.example", "mail_from": "a@b.example", "storefront_url": f"{SHOP}/"}
    assert letters_with_links(load(**given))
    assert load(**given).storefront_url == SHOP
    assert not letters_with_links(load(**{name: value for name, value in given.items() if name != missing}))


@pytest.mark.parametrize("url", ["shop.example", "https://shop.example/pages", "javascript:alert(1)", ""])
def test_where_links_lead_is_an_origin(url: str) -> None:
    with pytest.raises(BadSettings):
        load(storefront_url=url)


async def test_a_second_factor_that_comes_or_changes_or_goes_is_told_to_its_owner(shop: Shop, box: MailBox) -> None:
    account_id = await shop.opened()
    await shop.submit(ChangeProfile(account_id, told_of_orders=False))
    for number, (note, subject) in enumerate(
        (
            (NoteSecondFactor(account_id, there=True), "Signing in takes a code now"),
            (NoteRecoveryCodes(account_id), "You have other recovery codes now"),
            (NoteSecondFactor(account_id, there=False), "Signing in takes no code any more"),
        ),
        1,
    ):
        await shop.settled(shop.submit(note))
        letter = (await box.got(number))[-1]
        assert letter["Subject"] == subject
        for body in bodies(letter):
            assert "Ada Lovelace" in body
            assert f"{SHOP}/forgotten-password" in body
    assert box.recipients == [ADDRESS] * 3
