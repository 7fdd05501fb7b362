"""Notices of accounts: a link for whoever forgot their password, has another address, or has an address that nobody
confirmed yet, that either was changed, and that a second factor came or went or has other recovery codes.

They have couriers of their own: somebody who waits for a link does not wait for letters about orders. Nobody can switch
them off, since they are how an owner learns of a stranger. What a link needs is made when its letter is written, and is
neither in the log nor in the vault (``commands/linktokens.py``).
"""

from __future__ import annotations

import asyncio
from typing import Any

from commands.engine import Engine
from commands.linktokens import CONFIRMATION, EMAIL, PASSWORD
from commands.vault import Vault
from domain.buyers import confirmation, emailchange
from domain.buyers.account import ActiveAccount, PasswordChanged
from domain.buyers.confirmation import EmailConfirmationAsked
from domain.buyers.emailchange import EmailChangeAsked, EmailChanged
from domain.buyers.reset import VALID_MS, ResetAsked, lookup_of
from domain.buyers.secondfactor import RecoveryCodesDrawn, SecondFactorAdded, SecondFactorRemoved
from domain.claim import Claim
from domain.ids import claim_id, delivery_id
from domain.recorded import Recorded
from domain.stored.codec import TOPICS
from streams.outgoing.notices import AccountNotice, Channel, Recipient, recipient_of
from streams.outgoing.port import Told, hopeless, message_id, sent, skipped
from streams.outgoing.published import type_of

RESET, CHANGED = "password_reset", "password_changed"
FACTOR_ADDED, FACTOR_REMOVED = "second_factor_added", "second_factor_removed"
CODES_DRAWN = "recovery_codes_drawn"
EMAIL_ASKED, EMAIL_CHANGED, TO_CONFIRM = "email_change", "email_changed", "email_confirmation"
NOWHERE = "KONTOR_STOREFRONT_URL is not set, so there is nowhere to lead to"
NEW_PASSWORD = "/new-password"
"""The shop's page that sets one; what follows ``#`` is read by it alone and sent to no server."""
FORGOTTEN = "/forgotten-password"
"""The page that asks for a link."""
NEW_EMAIL = "/new-email"
"""The page that confirms another address, by what follows ``#``."""
CONFIRM_EMAIL = "/confirm-email"
"""The page that confirms the address of an account, likewise."""
TYPES = (
    ResetAsked,
    PasswordChanged,
    EmailChangeAsked,
    EmailChanged,
    EmailConfirmationAsked,
    SecondFactorAdded,
    SecondFactorRemoved,
    RecoveryCodesDrawn,
)


_OF_CHANGES: dict[type, str] = {
    PasswordChanged: CHANGED,
    SecondFactorAdded: FACTOR_ADDED,
    SecondFactorRemoved: FACTOR_REMOVED,
    RecoveryCodesDrawn: CODES_DRAWN,
}
"""What the owner is told of, with a link for who did not do it."""


class AccountNotices:
    """A target of deliveries: people, by one channel. ``after`` is where the channel was connected; ``shop`` the origin
    that links lead to."""

    def __init__(self, engine: Engine, vault: Vault, channel: Channel, after: int, shop: str | None) -> None:
        self.delivery_id = delivery_id(f"{channel.name}_accounts")
        self.types = frozenset(type_of(TOPICS[kind]) for kind in TYPES)
        self.after = after
        self._engine = engine
        self._vault = vault
        self._channel = channel
        self._shop = shop

    async def perform(self, event: Recorded) -> Told:
        if isinstance(event.event, ResetAsked):
            return await self._bring_link(event, event.event.at)
        account: Any = await self._engine.state_since(event.stream, event.position)
        if not isinstance(account, ActiveAccount):
            return skipped("erased")
        match event.event:
            case EmailChangeAsked():
                return await self._ask_to_confirm(event, event.event, account)
            case EmailConfirmationAsked():
                return await self._ask_whose_it_is(event, event.event, account)
            case EmailChanged(was=was):
                owner = recipient_of(self._vault, event.stream, account)
                former = None if owner is None else self._at(event.stream, was, owner.name)
                return await self._send(EMAIL_CHANGED, event, former, "")
        link = "" if self._shop is None else self._shop + FORGOTTEN
        kind = _OF_CHANGES[type(event.event)]
        return await self._send(kind, event, recipient_of(self._vault, event.stream, account), link)

    async def _bring_link(self, event: Recorded, asked_at: int) -> Told:
        """Where nobody has the address, that is all there is to send: the log is not to say who has one, nor how many
        events later than another."""
        if self._shop is None:
            return hopeless(NOWHERE)
        if self._engine.clock() > asked_at + VALID_MS:
            return skipped("too late")
        email_claim = claim_id("email", lookup_of(event.stream))
        claim = await self._engine.state_since(email_claim, event.position)
        account_id = claim.owner if isinstance(claim, Claim) else ""
        account: Any = await self._engine.state_since(account_id, event.position) if account_id else None
        if not isinstance(account, ActiveAccount) or account.email_claim != email_claim:
            return sent()
        token = await asyncio.to_thread(self._vault.link_token, PASSWORD, account_id, email_claim, asked_at)
        if token is None:
            return sent()
        recipient = recipient_of(self._vault, account_id, account)
        return await self._send(RESET, event, recipient, f"{self._shop}{NEW_PASSWORD}#{token}")

    async def _ask_to_confirm(self, event: Recorded, asked: EmailChangeAsked, account: ActiveAccount) -> Told:
        """At the new address, of which nobody knows yet whose it is. So it is told no name: who reads it may be a
        stranger, and the name may be what somebody wants strangers to read."""
        if self._shop is None:
            return hopeless(NOWHERE)
        if self._engine.clock() > asked.at + emailchange.VALID_MS:
            return skipped("too late")
        if account.email_change is None or account.email_change.email_claim != asked.email_claim:
            return skipped("not wanted any more")
        return await self._ask_at(EMAIL_ASKED, event, asked, asked.sealed, EMAIL, NEW_EMAIL)

    async def _ask_whose_it_is(self, event: Recorded, asked: EmailConfirmationAsked, account: ActiveAccount) -> Told:
        """At the address that somebody gave. It is told no name either, for the same reason."""
        if self._shop is None:
            return hopeless(NOWHERE)
        if self._engine.clock() > asked.at + confirmation.VALID_MS:
            return skipped("too late")
        if account.email_claim != asked.email_claim or confirmation.is_confirmed(account):
            return skipped("not wanted any more")
        return await self._ask_at(TO_CONFIRM, event, asked, account.profile, CONFIRMATION, CONFIRM_EMAIL)

    async def _ask_at(
        self,
        kind: str,
        event: Recorded,
        asked: EmailChangeAsked | EmailConfirmationAsked,
        sealed: bytes,
        purpose: str,
        page: str,
    ) -> Told:
        """With a link that is good for the ``purpose``, at the address that is ``sealed``."""
        making = (purpose, event.stream, asked.email_claim, asked.at)
        token = await asyncio.to_thread(self._vault.link_token, *making)
        if token is None:
            return skipped("the password was changed since")
        return await self._send(kind, event, self._at(event.stream, sealed), f"{self._shop}{page}#{token}")

    def _at(self, account_id: str, sealed: bytes, name: str = "") -> Recipient | None:
        """Who has no name in a letter but the one that is given; None for somebody who was erased."""
        opened = self._vault.open(account_id, sealed)
        return Recipient(name, str(opened["email"])) if opened and opened.get("email") else None

    async def _send(self, kind: str, event: Recorded, recipient: Recipient | None, link: str) -> Told:
        if recipient is None:
            return skipped("erased")
        notice = AccountNotice(kind, event, message_id(self.delivery_id, event.event_id), link)
        return await self._channel.send(notice, recipient)

    async def gone(self) -> None:
        raise AssertionError("a channel does not end")
