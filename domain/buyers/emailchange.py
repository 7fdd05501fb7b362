"""Another e-mail address for an account: asked for first, and taken once its letter was answered.

The claim on the new address is taken between the two, the one on the old address let go of afterwards; so until then
both addresses may be the account's, and never neither. Addresses are sealed; claims are keyed hashes of them.
"""

from __future__ import annotations

from msgspec.structs import replace

from domain.buyers.accountstate import Account, ActiveAccount, EmailChange, require_active
from domain.decider import Command, Event
from domain.errors import IllegalTransition, Invalid

VALID_MS = 1_800_000
"""How long the letter's link can be used, from when it was asked for."""
AGAIN_MS = 60_000
"""Who asks for the same again sooner is brought the same letter."""


class EmailChangeAsked(Event, frozen=True):
    email_claim: str
    """Of the new address; nobody's yet, or it would not be asked for."""
    sealed: bytes
    at: int


class EmailChanged(Event, frozen=True):
    email_claim: str
    profile: bytes
    was: bytes
    """The address until then, so that it can be told."""


class AskEmailChange(Command, frozen=True):
    account_id: str
    email_claim: str
    sealed: bytes
    at: int


class ChangeEmail(Command, frozen=True):
    account_id: str
    email_claim: str
    profile: bytes
    was: bytes


def ask_email_change(command: AskEmailChange, state: Account) -> list[Event]:
    account = require_active(state)
    if command.email_claim == account.email_claim:
        raise Invalid("this is your e-mail address already", "/email")
    asked = account.email_change
    if asked is not None and asked.email_claim == command.email_claim and 0 <= command.at - asked.at < AGAIN_MS:
        return []
    return [EmailChangeAsked(command.email_claim, command.sealed, command.at)]


def change_email(command: ChangeEmail, state: Account) -> list[Event]:
    account = require_active(state)
    if command.email_claim == account.email_claim:
        return []
    if account.email_change is None or account.email_change.email_claim != command.email_claim:
        raise IllegalTransition("this address was not asked for")
    return [EmailChanged(command.email_claim, command.profile, command.was)]


def email_change_asked(state: Account, event: EmailChangeAsked) -> Account:
    if not isinstance(state, ActiveAccount):
        return state
    return replace(state, email_change=EmailChange(event.email_claim, event.sealed, event.at))


def email_changed(state: Account, event: EmailChanged) -> Account:
    if not isinstance(state, ActiveAccount):
        return state
    changed = replace(state, email_claim=event.email_claim, profile=event.profile, email_change=None)
    return replace(changed, confirmed_claim=event.email_claim, confirmation_asked_at=0)  # a letter's link went there


def wants(state: Account, email_claim: str, at: int) -> bool:
    """Whether this account has the address, or may be about to take it."""
    if not isinstance(state, ActiveAccount):
        return False
    asked = state.email_change
    about = asked is not None and asked.email_claim == email_claim and at <= asked.at + VALID_MS + AGAIN_MS
    return state.email_claim == email_claim or about
