"""A second factor that came or went, or got other codes, is noted each time, and is no state of an account's events."""

from __future__ import annotations

import pytest

from domain.buyers.account import ACCOUNT, AccountErased, AccountRegistered
from domain.buyers.secondfactor import (
    NoteRecoveryCodes,
    NoteSecondFactor,
    RecoveryCodesDrawn,
    SecondFactorAdded,
    SecondFactorRemoved,
)
from domain.decider import Command
from domain.errors import IllegalTransition, NotFound
from tests.spec import given

ID = "usr_01JD3Z8Q5V7W9X2Y4Z6A8B0C1D"
registered = AccountRegistered("clm_email.5f2b", b"sealed profile", ("customer",))


def test_each_is_noted_every_time_and_changes_nothing_else() -> None:
    account = given(ACCOUNT, registered)
    after = account.when(NoteSecondFactor(ID, there=True)).then(SecondFactorAdded())
    assert after.state == account.state
    other = after.when(NoteRecoveryCodes(ID)).then(RecoveryCodesDrawn()).when(NoteRecoveryCodes(ID))
    assert other.then(RecoveryCodesDrawn()).state == account.state
    gone = after.when(NoteSecondFactor(ID, there=False)).then(SecondFactorRemoved())
    assert gone.state == account.state
    gone.when(NoteSecondFactor(ID, there=False)).then(SecondFactorRemoved())


@pytest.mark.parametrize("note", [NoteSecondFactor(ID, there=True), NoteRecoveryCodes(ID)])
def test_of_nobody_nothing_is_noted(note: Command) -> None:
    given(ACCOUNT).when(note).then_refused(NotFound)
    given(ACCOUNT, registered, AccountErased()).when(note).then_refused(IllegalTransition)
