"""That an account's e-mail address is its owner's: asked by a letter, and known once the letter's link was used.

An address is known by its claim, so another one has to be confirmed anew. One that the account was changed to, or whose
letter brought a new password, is confirmed by that: nobody else got the link. Nothing is refused to who never does it.
"""

from __future__ import annotations

from msgspec.structs import replace

from domain.buyers.accountstate import Account, ActiveAccount, require_active
from domain.decider import Command, Event
from domain.errors import IllegalTransition

VALID_MS = 259_200_000
"""How long the letter's link can be used, from when it was asked for: three days, as long as letters are tried."""
AGAIN_MS = 60_000
"""Who asks again sooner is brought the same letter."""


class EmailConfirmationAsked(Event, frozen=True):
    email_claim: str
    at: int


class EmailConfirmed(Event, frozen=True):
    email_claim: str


class AskConfirmation(Command, frozen=True):
    account_id: str
    at: int


class ConfirmEmail(Command, frozen=True):
    account_id: str
    email_claim: str
    """Of the address that the letter went to."""


def is_confirmed(account: ActiveAccount) -> bool:
    return account.confirmed_claim == account.email_claim


def ask_confirmation(command: AskConfirmation, state: Account) -> list[Event]:
    account = require_active(state)
    if is_confirmed(account):
        raise IllegalTransition("your e-mail address is confirmed already")
    if 0 <= command.at - account.confirmation_asked_at < AGAIN_MS:
        return []
    return [EmailConfirmationAsked(account.email_claim, command.at)]


def confirm_email(command: ConfirmEmail, state: Account) -> list[Event]:
    account = require_active(state)
    if account.email_claim != command.email_claim:
        raise IllegalTransition("this account has another e-mail address by now")
    return proved(account, command.email_claim)


def proved(account: ActiveAccount, email_claim: str) -> list[Event]:
    """What it comes to that a letter to this address was answered."""
    if account.email_claim != email_claim or is_confirmed(account):
        return []
    return [EmailConfirmed(email_claim)]


def confirmation_asked(state: Account, event: EmailConfirmationAsked) -> Account:
    return replace(state, confirmation_asked_at=event.at) if isinstance(state, ActiveAccount) else state


def email_confirmed(state: Account, event: EmailConfirmed) -> Account:
    return replace(state, confirmed_claim=event.email_claim) if isinstance(state, ActiveAccount) else state
