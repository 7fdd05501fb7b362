"""What an account may do: scopes that are granted, and taken away again by whoever runs the marketplace.

Buying cannot be taken away: it is what an account is for. Tokens that were given out before are no matter of events;
the vault ends their sessions.
"""

from __future__ import annotations

from msgspec.structs import replace

from domain.buyers.accountstate import Account, ActiveAccount, require_active
from domain.decider import Command, Event
from domain.errors import Forbidden, IllegalTransition, Invalid

SCOPES = ("customer", "merchant", "admin")
EVERYBODYS = "customer"


class ScopeGranted(Event, frozen=True):
    scope: str


class ScopeRevoked(Event, frozen=True):
    scope: str


class ReliedOn(Event, frozen=True):
    """The scope was taken from another account because this one has it."""

    scope: str


class GrantScope(Command, frozen=True):
    account_id: str
    scope: str
    again: bool = False
    """Also after it was taken away, which is for those who run the marketplace to say."""


class RevokeScope(Command, frozen=True):
    account_id: str
    scope: str


class RelyOn(Command, frozen=True):
    """So that this account's version moves on: who decided upon it that the other one may go decides anew."""

    account_id: str
    scope: str


def grant_scope(command: GrantScope, state: Account) -> list[Event]:
    _require_known(command.scope)
    account = require_active(state)
    if command.scope in account.scopes:
        return []
    if command.scope in account.revoked and not command.again:
        raise Forbidden(taken_away(command.scope))
    return [ScopeGranted(command.scope)]


def revoke_scope(command: RevokeScope, state: Account) -> list[Event]:
    _require_known(command.scope)
    if command.scope == EVERYBODYS:
        raise Invalid("everybody may buy, so customer cannot be taken away", "/scope")
    return [ScopeRevoked(command.scope)] if command.scope in require_active(state).scopes else []


def rely_on(command: RelyOn, state: Account) -> list[Event]:
    if command.scope not in require_active(state).scopes:
        raise IllegalTransition(f"this account has not the scope {command.scope} any more")
    return [ReliedOn(command.scope)]


def _require_known(scope: str) -> None:
    if scope not in SCOPES:
        raise Invalid(f"scope must be one of {', '.join(SCOPES)}", "/scope")


def scope_granted(state: Account, event: ScopeGranted) -> Account:
    if not isinstance(state, ActiveAccount):
        return state
    revoked = tuple(scope for scope in state.revoked if scope != event.scope)
    return replace(state, scopes=(*state.scopes, event.scope), revoked=revoked)


def scope_revoked(state: Account, event: ScopeRevoked) -> Account:
    if not isinstance(state, ActiveAccount):
        return state
    left = tuple(scope for scope in state.scopes if scope != event.scope)
    return replace(state, scopes=left, revoked=(*state.revoked, event.scope))


def taken_away(scope: str) -> str:
    """How somebody is told."""
    return f"the scope {scope} was taken from this account; ask those who run this marketplace"
