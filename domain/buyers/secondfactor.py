"""That an account got a second factor, or lost it: so that its history says so and its owner is told.

The secret and whether it is asked for are known to the vault alone, as passwords are.
"""

from __future__ import annotations

from domain.buyers.accountstate import Account, require_active
from domain.decider import Command, Event


class SecondFactorAdded(Event, frozen=True):
    pass


class SecondFactorRemoved(Event, frozen=True):
    pass


class NoteSecondFactor(Command, frozen=True):
    account_id: str
    there: bool


def note_second_factor(command: NoteSecondFactor, state: Account) -> list[Event]:
    require_active(state)
    return [SecondFactorAdded() if command.there else SecondFactorRemoved()]
