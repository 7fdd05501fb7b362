"""That an account got a second factor, other recovery codes for it, or lost it: so its history says so, and a letter.

The secret and whether it is asked for are known to the vault alone, as passwords are.
"""

from __future__ import annotations

from domain.buyers.accountstate import Account, require_active
from domain.decider import Command, Event


class SecondFactorAdded(Event, frozen=True):
    pass


class SecondFactorRemoved(Event, frozen=True):
    pass


class RecoveryCodesDrawn(Event, frozen=True):
    """Anew: those before are void."""


class NoteSecondFactor(Command, frozen=True):
    account_id: str
    there: bool


class NoteRecoveryCodes(Command, frozen=True):
    account_id: str


def note_second_factor(command: NoteSecondFactor, state: Account) -> list[Event]:
    require_active(state)
    return [SecondFactorAdded() if command.there else SecondFactorRemoved()]


def note_recovery_codes(command: NoteRecoveryCodes, state: Account) -> list[Event]:
    require_active(state)
    return [RecoveryCodesDrawn()]
