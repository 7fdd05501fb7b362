"""What an account may do, and that it can be taken away again."""

from __future__ import annotations

import pytest

from domain.buyers.account import (
    ACCOUNT,
    AccountErased,
    AccountRegistered,
    GrantScope,
    RevokeScope,
    ScopeGranted,
    ScopeRevoked,
)
from domain.buyers.scopes import ReliedOn, RelyOn, scope_granted, scope_revoked
from domain.errors import Forbidden, IllegalTransition, Invalid, NotFound
from tests.spec import given

ID = "usr_01JD3Z8Q5V7W9X2Y4Z6A8B0C1D"
merchant = AccountRegistered("clm_email.5f2b", b"sealed profile", ("customer", "merchant"))


def test_a_scope_is_taken_away_once() -> None:
    revoke = RevokeScope(ID, "merchant")
    after = given(ACCOUNT, merchant).when(revoke).then(ScopeRevoked("merchant"))
    assert (after.state.scopes, after.state.revoked) == (("customer",), ("merchant",))
    after.when(revoke).then_nothing()


def test_what_nobody_has_is_not_taken_away() -> None:
    after = given(ACCOUNT, merchant).when(RevokeScope(ID, "admin")).then_nothing()
    after.when(GrantScope(ID, "admin")).then(ScopeGranted("admin"))


def test_what_was_taken_comes_back_only_when_it_is_meant() -> None:
    after = given(ACCOUNT, merchant, ScopeRevoked("merchant"))
    after.when(GrantScope(ID, "merchant")).then_refused(Forbidden)
    after.when(GrantScope(ID, "admin")).then(ScopeGranted("admin"))
    back = after.when(GrantScope(ID, "merchant", again=True)).then(ScopeGranted("merchant"))
    assert (back.state.scopes, back.state.revoked) == (("customer", "merchant"), ())
    back.when(GrantScope(ID, "merchant")).then_nothing()


def test_only_what_is_given_back_is_not_taken_any_more() -> None:
    both = given(ACCOUNT, merchant, ScopeGranted("admin"), ScopeRevoked("merchant"), ScopeRevoked("admin"))
    assert (both.state.scopes, both.state.revoked) == (("customer",), ("merchant", "admin"))
    back = both.when(GrantScope(ID, "admin", again=True)).then(ScopeGranted("admin"))
    assert back.state.revoked == ("merchant",)


@pytest.mark.parametrize("scope", ["customer", "root"])
def test_what_cannot_be_taken_away(scope: str) -> None:
    assert given(ACCOUNT, merchant).when(RevokeScope(ID, scope)).then_refused(Invalid).pointer == "/scope"


def test_of_nobody_nothing_is_taken() -> None:
    given(ACCOUNT).when(RevokeScope(ID, "admin")).then_refused(NotFound)
    gone = given(ACCOUNT, merchant, AccountErased())
    gone.when(RevokeScope(ID, "merchant")).then_refused(IllegalTransition)
    for state in (given(ACCOUNT).state, gone.state):
        assert scope_granted(state, ScopeGranted("admin")) == state == scope_revoked(state, ScopeRevoked("admin"))


def test_only_who_has_a_scope_is_relied_on_for_it() -> None:
    account = given(ACCOUNT, merchant, ScopeGranted("admin"))
    after = account.when(RelyOn(ID, "admin")).then(ReliedOn("admin"))
    assert after.state == account.state
    account.when(RevokeScope(ID, "admin")).then(ScopeRevoked("admin")).when(RelyOn(ID, "admin")).then_refused(
        IllegalTransition
    )
    given(ACCOUNT).when(RelyOn(ID, "admin")).then_refused(NotFound)
