"""What a person may keep, and that an erased one keeps nothing."""

from __future__ import annotations

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from domain.buyers.account import (
    ACCOUNT,
    ADDRESSES_MAX,
    GROUP_MAX,
    GROUPS_MAX,
    PAYMENT_METHODS_MAX,
    AccountErased,
    AccountRegistered,
    ActiveAccount,
    AddAddress,
    AddPaymentMethod,
    Address,
    AddressPut,
    AddressRemoved,
    AssignGroups,
    ChangeAddress,
    ChangeProfile,
    EraseAccount,
    ErasedAccount,
    GrantScope,
    GroupsAssigned,
    NotePasswordChange,
    NotificationsChosen,
    PasswordChanged,
    PaymentMethod,
    PaymentMethodAdded,
    PaymentMethodRemoved,
    ProfileChanged,
    RegisterAccount,
    RemoveAddress,
    RemovePaymentMethod,
    ScopeGranted,
    address_of,
    payment_method_of,
)
from domain.decider import Command, Event
from domain.errors import IllegalTransition, Invalid, LimitExceeded, NotFound
from tests.spec import given

ID = "usr_01JD3Z8Q5V7W9X2Y4Z6A8B0C1D"
CLAIM = "clm_email.5f2b"
HOME = Address("adr_1", b"sealed home", "US", "IL")
WORK = Address("adr_2", b"sealed work", "DE", "")
CARD = PaymentMethod("pmt_1", "pm_card_visa")
registered = AccountRegistered(CLAIM, b"sealed profile", ("customer",))


# registering


def test_an_account_is_registered_once() -> None:
    register = RegisterAccount(ID, CLAIM, b"sealed profile")
    given(ACCOUNT).when(register).then(registered).when(register).then_nothing()


def test_an_erased_account_never_comes_back() -> None:
    again = RegisterAccount(ID, CLAIM, b"sealed anew")
    given(ACCOUNT, registered, AccountErased()).when(again).then_refused(IllegalTransition)


# profile and scopes


def test_the_profile_is_replaced() -> None:
    changed = given(ACCOUNT, registered).when(ChangeProfile(ID, b"new")).then(ProfileChanged(b"new"))
    assert changed.state.profile == b"new"


def test_whether_one_is_told_of_orders_is_chosen_once() -> None:
    quiet = ChangeProfile(ID, told_of_orders=False)
    after = given(ACCOUNT, registered).when(quiet).then(NotificationsChosen(False))
    assert after.state.told_of_orders is False
    after.when(quiet).then_nothing()
    after.when(ChangeProfile(ID, b"new", True)).then(ProfileChanged(b"new"), NotificationsChosen(True))
    given(ACCOUNT, registered).when(ChangeProfile(ID, told_of_orders=True)).then_nothing()


def test_nobody_is_told_of_wishes_who_did_not_choose_it() -> None:
    before = given(ACCOUNT, registered)
    assert before.state.told_of_wishes is False
    after = before.when(ChangeProfile(ID, told_of_wishes=True)).then(NotificationsChosen(True, True))
    assert (after.state.told_of_orders, after.state.told_of_wishes) == (True, True)
    quiet = after.when(ChangeProfile(ID, told_of_orders=False)).then(NotificationsChosen(False, True))
    quiet.when(ChangeProfile(ID, told_of_wishes=True)).then_nothing()
    quiet.when(ChangeProfile(ID, told_of_wishes=False)).then(NotificationsChosen(False))


def test_a_scope_is_granted_once() -> None:
    grant = GrantScope(ID, "merchant")
    after = given(ACCOUNT, registered).when(grant).then(ScopeGranted("merchant"))
    assert after.state.scopes == ("customer", "merchant")
    after.when(grant).then_nothing()


def test_a_scope_must_exist() -> None:
    assert given(ACCOUNT, registered).when(GrantScope(ID, "root")).then_refused(Invalid).pointer == "/scope"


# passwords


def test_every_change_of_a_password_is_noted_and_changes_nothing_else() -> None:
    note = NotePasswordChange(ID)
    once = given(ACCOUNT, registered).when(note).then(PasswordChanged())
    assert once.state == given(ACCOUNT, registered).state
    once.when(note).then(PasswordChanged())


# addresses


def test_addresses_come_change_and_go() -> None:
    moved = Address("adr_1", b"sealed elsewhere", "US", "NY")
    account = given(ACCOUNT, registered).when(AddAddress(ID, HOME)).then(AddressPut(HOME))
    account = account.when(AddAddress(ID, WORK)).then(AddressPut(WORK))
    account = account.when(ChangeAddress(ID, moved)).then(AddressPut(moved))
    assert account.state.addresses == {"adr_1": moved, "adr_2": WORK}
    account = account.when(RemoveAddress(ID, "adr_1")).then(AddressRemoved("adr_1"))
    assert account.state.addresses == {"adr_2": WORK}


def test_the_same_address_is_added_once() -> None:
    given(ACCOUNT, registered, AddressPut(HOME)).when(AddAddress(ID, HOME)).then_nothing()


def test_an_address_that_is_not_there_is_not_found() -> None:
    account = given(ACCOUNT, registered, AddressPut(HOME))
    account.when(ChangeAddress(ID, WORK)).then_refused(NotFound)
    account.when(RemoveAddress(ID, "adr_2")).then_refused(NotFound)
    with pytest.raises(NotFound):
        address_of(account.state, "adr_2")


def test_there_is_a_limit_to_addresses() -> None:
    full = [AddressPut(Address(f"adr_{n}", b"", "US", "")) for n in range(ADDRESSES_MAX)]
    account = given(ACCOUNT, registered, *full)
    account.when(AddAddress(ID, Address("adr_more", b"", "US", ""))).then_refused(LimitExceeded)
    account.when(ChangeAddress(ID, HOME)).then(AddressPut(HOME))


# payment methods


def test_payment_methods_come_and_go() -> None:
    account = given(ACCOUNT, registered).when(AddPaymentMethod(ID, CARD)).then(PaymentMethodAdded(CARD))
    account.when(AddPaymentMethod(ID, CARD)).then_nothing()
    assert payment_method_of(account.state, "pmt_1") == CARD
    account = account.when(RemovePaymentMethod(ID, "pmt_1")).then(PaymentMethodRemoved("pmt_1"))
    account.when(RemovePaymentMethod(ID, "pmt_1")).then_refused(NotFound)


def test_there_is_a_limit_to_payment_methods() -> None:
    full = [PaymentMethodAdded(PaymentMethod(f"pmt_{n}", "pm_x")) for n in range(PAYMENT_METHODS_MAX)]
    more = AddPaymentMethod(ID, PaymentMethod("pmt_more", "pm_x"))
    given(ACCOUNT, registered, *full).when(more).then_refused(LimitExceeded)


# erasing


def test_erasing_leaves_nothing_and_happens_once() -> None:
    account = given(ACCOUNT, registered, AddressPut(HOME), PaymentMethodAdded(CARD))
    erased = account.when(EraseAccount(ID)).then(AccountErased())
    assert erased.state == ErasedAccount()
    erased.when(EraseAccount(ID)).then_nothing()


COMMANDS: list[Command] = [
    ChangeProfile(ID, b""),
    GrantScope(ID, "merchant"),
    AddAddress(ID, HOME),
    ChangeAddress(ID, HOME),
    RemoveAddress(ID, "adr_1"),
    AddPaymentMethod(ID, CARD),
    RemovePaymentMethod(ID, "pmt_1"),
    NotePasswordChange(ID),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_an_erased_account_can_do_nothing(command: Command) -> None:
    given(ACCOUNT, registered, AddressPut(HOME), AccountErased()).when(command).then_refused(IllegalTransition)


@pytest.mark.parametrize("command", [*COMMANDS, EraseAccount(ID)], ids=lambda command: type(command).__name__)
def test_an_account_that_never_was_can_do_nothing(command: Command) -> None:
    given(ACCOUNT).when(command).then_refused(NotFound)


EVENTS: list[Event] = [
    registered,
    PasswordChanged(),
    ProfileChanged(b"p"),
    ScopeGranted("merchant"),
    AddressPut(HOME),
    AddressRemoved("adr_1"),
    PaymentMethodAdded(CARD),
    PaymentMethodRemoved("pmt_1"),
    AccountErased(),
]


@examples(st.lists(st.sampled_from(EVENTS), max_size=12))
def test_whatever_was_stored_can_be_folded(events: list[Event]) -> None:
    state = ACCOUNT.fold(events)
    if AccountErased() in events and registered not in events[events.index(AccountErased()) :]:
        assert state == ErasedAccount()
    elif registered not in events:
        assert not isinstance(state, ActiveAccount)


# customer groups


def test_groups_are_assigned_once_each_in_order() -> None:
    assign = AssignGroups(ID, ("staff", "early", "staff"))
    assigned = given(ACCOUNT, registered).when(assign).then(GroupsAssigned(("early", "staff")))
    assigned.when(assign).then_nothing()
    assigned.when(AssignGroups(ID, ())).then(GroupsAssigned(()))
    given(ACCOUNT).when(assign).then_refused(NotFound)


@pytest.mark.parametrize("groups", [("",), ("a", ""), ("x" * (GROUP_MAX + 1),), tuple(map(str, range(GROUPS_MAX + 1)))])
def test_groups_that_cannot_be(groups: tuple[str, ...]) -> None:
    assert given(ACCOUNT, registered).when(AssignGroups(ID, groups)).then_refused(Invalid).pointer == "/groups"


def test_groups_as_many_and_long_as_they_may_be() -> None:
    groups = tuple(sorted(("a", "x" * GROUP_MAX, *map(str, range(GROUPS_MAX - 2)))))
    given(ACCOUNT, registered).when(AssignGroups(ID, groups)).then(GroupsAssigned(groups))


def test_a_payment_method_that_goes_takes_no_other_along() -> None:
    other = PaymentMethod("pmt_2", "pm_card_mastercard")
    both = (PaymentMethodAdded(CARD), PaymentMethodAdded(other))
    account = given(ACCOUNT, registered, *both, PaymentMethodRemoved("pmt_1"))
    assert account.state.payment_methods == {"pmt_2": other}


def test_an_address_that_goes_takes_no_other_along() -> None:
    account = given(ACCOUNT, registered, AddressPut(HOME), AddressPut(WORK), AddressRemoved("adr_1"))
    assert account.state.addresses == {"adr_2": WORK}
