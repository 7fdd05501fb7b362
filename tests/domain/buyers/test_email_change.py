"""Another e-mail address: asked for, and taken only if it still is."""

from __future__ import annotations

import pytest

from domain.buyers.account import (
    ACCOUNT,
    AccountErased,
    AccountRegistered,
    ChangeProfile,
    ErasedAccount,
    NoAccount,
    ProfileChanged,
)
from domain.buyers.emailchange import (
    AGAIN_MS,
    VALID_MS,
    AskEmailChange,
    ChangeEmail,
    EmailChangeAsked,
    EmailChanged,
    wants,
)
from domain.errors import IllegalTransition, Invalid, NotFound
from tests.spec import given

ID = "usr_01JD3Z8Q5V7W9X2Y4Z6A8B0C1D"
OLD, NEW, THIRD = "clm_email.old", "clm_email.new", "clm_email.third"
AT = 1_795_800_000_000
registered = AccountRegistered(OLD, b"profile", ("customer",))
asked = EmailChangeAsked(NEW, b"sealed", AT)
changed = EmailChanged(NEW, b"profile with it", b"was")
CHANGE = ChangeEmail(ID, NEW, b"profile with it", b"was")


def test_it_is_asked_for_and_then_taken() -> None:
    after = given(ACCOUNT, registered).when(AskEmailChange(ID, NEW, b"sealed", AT)).then(asked)
    assert (after.state.email_claim, after.state.email_change.sealed) == (OLD, b"sealed")
    after = after.when(CHANGE).then(changed)
    assert (after.state.email_claim, after.state.profile) == (NEW, b"profile with it")
    assert after.state.email_change is None
    after.when(CHANGE).then_nothing()


def test_the_one_that_is_there_cannot_be_asked_for() -> None:
    refused = given(ACCOUNT, registered).when(AskEmailChange(ID, OLD, b"s", AT)).then_refused(Invalid)
    assert refused.pointer == "/email"


def test_the_same_again_within_a_minute_is_one_wish_and_another_is_another() -> None:
    wishing = given(ACCOUNT, registered, asked)
    wishing.when(AskEmailChange(ID, NEW, b"anew", AT + AGAIN_MS - 1)).then_nothing()
    wishing.when(AskEmailChange(ID, NEW, b"anew", AT + AGAIN_MS)).then(EmailChangeAsked(NEW, b"anew", AT + AGAIN_MS))
    wishing.when(AskEmailChange(ID, NEW, b"anew", AT - 1)).then(EmailChangeAsked(NEW, b"anew", AT - 1))
    wishing.when(AskEmailChange(ID, THIRD, b"other", AT)).then(EmailChangeAsked(THIRD, b"other", AT))


@pytest.mark.parametrize("before", [(), (EmailChangeAsked(THIRD, b"s", AT),)], ids=["never", "another"])
def test_what_was_not_asked_for_is_not_taken(before: tuple[EmailChangeAsked, ...]) -> None:
    given(ACCOUNT, registered, *before).when(CHANGE).then_refused(IllegalTransition)


@pytest.mark.parametrize("command", [AskEmailChange(ID, NEW, b"s", AT), CHANGE], ids=["ask", "change"])
def test_only_an_account_that_is_there_has_another(command: AskEmailChange | ChangeEmail) -> None:
    given(ACCOUNT).when(command).then_refused(NotFound)
    given(ACCOUNT, registered, asked, AccountErased()).when(command).then_refused(IllegalTransition)
    for events in ((asked,), (changed,)):
        assert given(ACCOUNT, *events).state == NoAccount()
    assert given(ACCOUNT, registered, AccountErased(), asked, changed).state == ErasedAccount()


def test_a_name_that_changes_meanwhile_leaves_the_wish() -> None:
    after = given(ACCOUNT, registered, asked).when(ChangeProfile(ID, b"renamed")).then(ProfileChanged(b"renamed"))
    assert after.state.email_change.email_claim == NEW


def test_who_wants_an_address_is_who_has_it_or_may_be_about_to() -> None:
    state = given(ACCOUNT, registered, asked).state
    late = AT + VALID_MS + AGAIN_MS
    assert wants(state, OLD, late + 1)
    assert wants(state, NEW, late)
    assert not wants(state, NEW, late + 1)
    assert not wants(state, THIRD, AT)
    after = given(ACCOUNT, registered, asked, changed).state
    assert wants(after, NEW, late + 1)
    assert not wants(after, OLD, AT)
    assert not wants(ErasedAccount(), OLD, AT)
