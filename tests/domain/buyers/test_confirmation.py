"""That an address is its owner's: asked, answered, and begun anew with another address."""

from __future__ import annotations

import pytest

from domain.buyers.account import (
    ACCOUNT,
    AccountErased,
    AccountRegistered,
    ErasedAccount,
    NoAccount,
    NotePasswordChange,
    PasswordChanged,
    RegisterAccount,
)
from domain.buyers.confirmation import (
    AGAIN_MS,
    AskConfirmation,
    ConfirmEmail,
    EmailConfirmationAsked,
    EmailConfirmed,
    is_confirmed,
)
from domain.buyers.emailchange import EmailChangeAsked, EmailChanged
from domain.errors import IllegalTransition, NotFound
from tests.spec import given

ID = "usr_01JD3Z8Q5V7W9X2Y4Z6A8B0C1D"
OLD, NEW = "clm_email.old", "clm_email.new"
AT = 1_795_800_000_000
registered = AccountRegistered(OLD, b"profile", ("customer",))
asked = EmailConfirmationAsked(OLD, AT)
confirmed = EmailConfirmed(OLD)
changed = (EmailChangeAsked(NEW, b"sealed", AT), EmailChanged(NEW, b"profile with it", b"was"))


def test_a_registration_asks_for_it_where_letters_are_sent() -> None:
    after = given(ACCOUNT).when(RegisterAccount(ID, OLD, b"profile", confirm_at=AT)).then(registered, asked)
    assert (is_confirmed(after.state), after.state.confirmation_asked_at) == (False, AT)
    after = given(ACCOUNT).when(RegisterAccount(ID, OLD, b"profile")).then(registered)
    assert (is_confirmed(after.state), after.state.confirmation_asked_at) == (False, 0)


def test_it_is_confirmed_once() -> None:
    after = given(ACCOUNT, registered, asked).when(ConfirmEmail(ID, OLD)).then(confirmed)
    assert is_confirmed(after.state)
    after.when(ConfirmEmail(ID, OLD)).then_nothing()


def test_asked_again_within_a_minute_is_one_wish() -> None:
    wishing = given(ACCOUNT, registered, asked)
    wishing.when(AskConfirmation(ID, AT)).then_nothing()
    wishing.when(AskConfirmation(ID, AT + AGAIN_MS - 1)).then_nothing()
    wishing.when(AskConfirmation(ID, AT + AGAIN_MS)).then(EmailConfirmationAsked(OLD, AT + AGAIN_MS))
    wishing.when(AskConfirmation(ID, AT - 1)).then(EmailConfirmationAsked(OLD, AT - 1))


def test_what_is_confirmed_is_not_asked_for() -> None:
    given(ACCOUNT, registered, asked, confirmed).when(AskConfirmation(ID, AT + AGAIN_MS)).then_refused(
        IllegalTransition
    )


def test_another_address_is_not_confirmed_by_a_letter_to_the_one_before() -> None:
    account = given(ACCOUNT, registered, asked, *changed)
    account.when(ConfirmEmail(ID, OLD)).then_refused(IllegalTransition)
    account.when(NotePasswordChange(ID, letter_to=OLD)).then(PasswordChanged())


def test_an_address_that_the_account_was_changed_to_is_confirmed_by_its_letter() -> None:
    after = given(ACCOUNT, registered, asked, *changed)
    assert (is_confirmed(after.state), after.state.confirmation_asked_at) == (True, 0)
    after.when(ConfirmEmail(ID, NEW)).then_nothing()
    back = given(ACCOUNT, registered, confirmed, *changed, EmailConfirmed(OLD))
    assert not is_confirmed(back.state), "what is known of another address says nothing of this one"


def test_a_letter_that_brought_a_password_confirms_the_address_it_went_to() -> None:
    account = given(ACCOUNT, registered, asked)
    account.when(NotePasswordChange(ID)).then(PasswordChanged())
    after = account.when(NotePasswordChange(ID, letter_to=OLD)).then(PasswordChanged(), confirmed)
    after.when(NotePasswordChange(ID, letter_to=OLD)).then(PasswordChanged())


@pytest.mark.parametrize("command", [AskConfirmation(ID, AT), ConfirmEmail(ID, OLD)], ids=["ask", "confirm"])
def test_only_an_account_that_is_there_has_an_address(command: AskConfirmation | ConfirmEmail) -> None:
    given(ACCOUNT).when(command).then_refused(NotFound)
    given(ACCOUNT, registered, asked, AccountErased()).when(command).then_refused(IllegalTransition)
    for event in (asked, confirmed):
        assert given(ACCOUNT, event).state == NoAccount()
        assert given(ACCOUNT, registered, AccountErased(), event).state == ErasedAccount()
