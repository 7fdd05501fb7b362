"""Account: a person and what belongs to them. Stream ``usr_…``. What it is made of lies in
``accountstate.py``, another e-mail address in ``emailchange.py``, whether it is its owner's in
``confirmation.py``, what it may do in ``scopes.py``, what it proves itself by besides a password in
``secondfactor.py``.

Everything personal is sealed with the person's own key before it gets here; erasing destroys the key, and these
events stay foldable. Passwords and sessions are not events at all: they live in the vault.

This is the way in: what is imported below as ``X as X`` lies elsewhere in the room, and others take it from here.
"""

from __future__ import annotations

from msgspec.structs import replace

from domain.buyers import confirmation, emailchange, scopes, secondfactor
from domain.buyers.accountstate import Account as Account
from domain.buyers.accountstate import ActiveAccount as ActiveAccount
from domain.buyers.accountstate import Address as Address
from domain.buyers.accountstate import ErasedAccount as ErasedAccount
from domain.buyers.accountstate import NoAccount as NoAccount
from domain.buyers.accountstate import PaymentMethod as PaymentMethod
from domain.buyers.accountstate import require_active as require_active
from domain.buyers.scopes import SCOPES as SCOPES
from domain.buyers.scopes import GrantScope as GrantScope
from domain.buyers.scopes import RevokeScope as RevokeScope
from domain.buyers.scopes import ScopeGranted as ScopeGranted
from domain.buyers.scopes import ScopeRevoked as ScopeRevoked
from domain.decider import Command, Decider, Event
from domain.errors import IllegalTransition, Invalid, LimitExceeded, NotFound

ADDRESSES_MAX = 50
PAYMENT_METHODS_MAX = 20
GROUPS_MAX = 20
GROUP_MAX = 60


# events


class AccountRegistered(Event, frozen=True):
    email_claim: str
    """Stream of the claim on the e-mail address; a keyed hash, not the address."""
    profile: bytes
    scopes: tuple[str, ...]


class ProfileChanged(Event, frozen=True):
    profile: bytes


class GroupsAssigned(Event, frozen=True):
    """Customer groups, which promotions may ask for."""

    groups: tuple[str, ...]


class AddressPut(Event, frozen=True):
    address: Address


class AddressRemoved(Event, frozen=True):
    address_id: str


class PaymentMethodAdded(Event, frozen=True):
    method: PaymentMethod


class PaymentMethodRemoved(Event, frozen=True):
    payment_method_id: str


class NotificationsChosen(Event, frozen=True):
    """Of what the person wants to hear: of their orders, and of what became of their wishes. The latter is advertising,
    so nobody is told who did not ask for it."""

    orders: bool
    wishes: bool = False


class PasswordChanged(Event, frozen=True):
    """So that the person is told. The password itself is known to the vault alone, as a hash."""


class AccountErased(Event, frozen=True):
    pass


# commands


class RegisterAccount(Command, frozen=True):
    account_id: str
    email_claim: str
    profile: bytes
    scopes: tuple[str, ...] = ("customer",)
    confirm_at: int | None = None
    """When it is asked for that a letter has the address confirmed; None where nobody sends one."""


class ChangeProfile(Command, frozen=True):
    """What is left out stays as it is."""

    account_id: str
    profile: bytes | None = None
    told_of_orders: bool | None = None
    told_of_wishes: bool | None = None


class AssignGroups(Command, frozen=True):
    account_id: str
    groups: tuple[str, ...]


class AddAddress(Command, frozen=True):
    account_id: str
    address: Address


class ChangeAddress(Command, frozen=True):
    account_id: str
    address: Address


class RemoveAddress(Command, frozen=True):
    account_id: str
    address_id: str


class AddPaymentMethod(Command, frozen=True):
    account_id: str
    method: PaymentMethod


class RemovePaymentMethod(Command, frozen=True):
    account_id: str
    payment_method_id: str


class NotePasswordChange(Command, frozen=True):
    account_id: str
    letter_to: str = ""
    """The claim on the address whose letter brought it, if one did."""


class EraseAccount(Command, frozen=True):
    account_id: str


# decide


def address_of(account: ActiveAccount, address_id: str, pointer: str = "/addressId") -> Address:
    address = account.addresses.get(address_id)
    if address is None:
        raise NotFound("no such address", pointer=pointer)
    return address


def payment_method_of(account: ActiveAccount, payment_method_id: str) -> PaymentMethod:
    method = account.payment_methods.get(payment_method_id)
    if method is None:
        raise NotFound("no such payment method", pointer="/paymentMethodId")
    return method


def register_account(command: RegisterAccount, state: Account) -> list[Event]:
    if isinstance(state, ActiveAccount):
        return []
    if isinstance(state, ErasedAccount):
        raise IllegalTransition("this account was erased")
    assert set(command.scopes) <= set(SCOPES), command.scopes
    registered = AccountRegistered(command.email_claim, command.profile, command.scopes)
    if command.confirm_at is None:
        return [registered]
    return [registered, confirmation.EmailConfirmationAsked(command.email_claim, command.confirm_at)]


def change_profile(command: ChangeProfile, state: Account) -> list[Event]:
    account = require_active(state)
    events: list[Event] = [] if command.profile is None else [ProfileChanged(command.profile)]
    orders = account.told_of_orders if command.told_of_orders is None else command.told_of_orders
    wishes = account.told_of_wishes if command.told_of_wishes is None else command.told_of_wishes
    if (orders, wishes) != (account.told_of_orders, account.told_of_wishes):
        events.append(NotificationsChosen(orders, wishes))
    return events


def assign_groups(command: AssignGroups, state: Account) -> list[Event]:
    groups = tuple(sorted(set(command.groups)))
    if len(groups) > GROUPS_MAX or not all(1 <= len(group) <= GROUP_MAX for group in groups):
        raise Invalid(f"at most {GROUPS_MAX} groups with names of 1 to {GROUP_MAX} characters", "/groups")
    return [] if require_active(state).groups == groups else [GroupsAssigned(groups)]


def add_address(command: AddAddress, state: Account) -> list[Event]:
    account = require_active(state)
    if command.address.address_id in account.addresses:
        return []
    if len(account.addresses) >= ADDRESSES_MAX:
        raise LimitExceeded(f"an account keeps at most {ADDRESSES_MAX} addresses")
    return [AddressPut(command.address)]


def change_address(command: ChangeAddress, state: Account) -> list[Event]:
    address_of(require_active(state), command.address.address_id)
    return [AddressPut(command.address)]


def remove_address(command: RemoveAddress, state: Account) -> list[Event]:
    address_of(require_active(state), command.address_id)
    return [AddressRemoved(command.address_id)]


def add_payment_method(command: AddPaymentMethod, state: Account) -> list[Event]:
    account = require_active(state)
    if command.method.payment_method_id in account.payment_methods:
        return []
    if len(account.payment_methods) >= PAYMENT_METHODS_MAX:
        raise LimitExceeded(f"an account keeps at most {PAYMENT_METHODS_MAX} payment methods")
    return [PaymentMethodAdded(command.method)]


def remove_payment_method(command: RemovePaymentMethod, state: Account) -> list[Event]:
    payment_method_of(require_active(state), command.payment_method_id)
    return [PaymentMethodRemoved(command.payment_method_id)]


def note_password_change(command: NotePasswordChange, state: Account) -> list[Event]:
    return [PasswordChanged(), *confirmation.proved(require_active(state), command.letter_to)]


def erase_account(command: EraseAccount, state: Account) -> list[Event]:
    if isinstance(state, ErasedAccount):
        return []
    require_active(state)
    return [AccountErased()]


# evolve


def account_registered(state: Account, event: AccountRegistered) -> Account:
    return ActiveAccount(event.email_claim, event.profile, event.scopes)


def _changed(state: Account, **changes: object) -> Account:
    return replace(state, **changes) if isinstance(state, ActiveAccount) else state


def address_put(state: Account, event: AddressPut) -> Account:
    if not isinstance(state, ActiveAccount):
        return state
    return _changed(state, addresses={**state.addresses, event.address.address_id: event.address})


def address_removed(state: Account, event: AddressRemoved) -> Account:
    if not isinstance(state, ActiveAccount):
        return state
    return _changed(state, addresses={k: v for k, v in state.addresses.items() if k != event.address_id})


def payment_method_added(state: Account, event: PaymentMethodAdded) -> Account:
    if not isinstance(state, ActiveAccount):
        return state
    return _changed(state, payment_methods={**state.payment_methods, event.method.payment_method_id: event.method})


def payment_method_removed(state: Account, event: PaymentMethodRemoved) -> Account:
    if not isinstance(state, ActiveAccount):
        return state
    methods = {k: v for k, v in state.payment_methods.items() if k != event.payment_method_id}
    return _changed(state, payment_methods=methods)


ACCOUNT = Decider(
    name="account",
    initial=NoAccount(),
    states=Account,
    decisions={
        RegisterAccount: register_account,
        ChangeProfile: change_profile,
        GrantScope: scopes.grant_scope,
        RevokeScope: scopes.revoke_scope,
        scopes.RelyOn: scopes.rely_on,
        AssignGroups: assign_groups,
        AddAddress: add_address,
        ChangeAddress: change_address,
        RemoveAddress: remove_address,
        AddPaymentMethod: add_payment_method,
        RemovePaymentMethod: remove_payment_method,
        NotePasswordChange: note_password_change,
        emailchange.AskEmailChange: emailchange.ask_email_change,
        emailchange.ChangeEmail: emailchange.change_email,
        confirmation.AskConfirmation: confirmation.ask_confirmation,
        confirmation.ConfirmEmail: confirmation.confirm_email,
        secondfactor.NoteSecondFactor: secondfactor.note_second_factor,
        secondfactor.NoteRecoveryCodes: secondfactor.note_recovery_codes,
        EraseAccount: erase_account,
    },
    evolutions={
        AccountRegistered: account_registered,
        ProfileChanged: lambda state, event: _changed(state, profile=event.profile),
        ScopeGranted: scopes.scope_granted,
        ScopeRevoked: scopes.scope_revoked,
        scopes.ReliedOn: lambda state, event: state,
        GroupsAssigned: lambda state, event: _changed(state, groups=event.groups),
        AddressPut: address_put,
        AddressRemoved: address_removed,
        PaymentMethodAdded: payment_method_added,
        PaymentMethodRemoved: payment_method_removed,
        NotificationsChosen: lambda state, event: _changed(
            state, told_of_orders=event.orders, told_of_wishes=event.wishes
        ),
        PasswordChanged: lambda state, event: state,
        emailchange.EmailChangeAsked: emailchange.email_change_asked,
        emailchange.EmailChanged: emailchange.email_changed,
        confirmation.EmailConfirmationAsked: confirmation.confirmation_asked,
        confirmation.EmailConfirmed: confirmation.email_confirmed,
        secondfactor.SecondFactorAdded: lambda state, event: state,
        secondfactor.SecondFactorRemoved: lambda state, event: state,
        secondfactor.RecoveryCodesDrawn: lambda state, event: state,
        AccountErased: lambda state, event: ErasedAccount(),
    },
)
