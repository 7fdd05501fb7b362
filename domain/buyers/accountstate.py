"""An account as it stands: what its events have made of it."""

from __future__ import annotations

from domain.decider import Event, State
from domain.errors import IllegalTransition, NotFound


class Address(Event, frozen=True):
    """``sealed`` holds the whole address; country and region are open because tax and delivery depend on them."""

    address_id: str
    sealed: bytes
    country: str
    region: str


class PaymentMethod(Event, frozen=True):
    payment_method_id: str
    token: str


class EmailChange(State, frozen=True):
    """Another address that was asked for."""

    email_claim: str
    sealed: bytes
    at: int


class NoAccount(State, frozen=True):
    pass


class ActiveAccount(State, frozen=True):
    email_claim: str
    profile: bytes
    scopes: tuple[str, ...]
    addresses: dict[str, Address] = {}
    payment_methods: dict[str, PaymentMethod] = {}
    groups: tuple[str, ...] = ()
    told_of_orders: bool = True
    told_of_wishes: bool = False
    email_change: EmailChange | None = None
    revoked: tuple[str, ...] = ()
    """Scopes that were taken away and not given back."""
    confirmed_claim: str = ""
    """Of the address that was last confirmed; empty: none ever was."""
    confirmation_asked_at: int = 0
    """0: never, of the present address."""


class ErasedAccount(State, frozen=True):
    pass


Account = NoAccount | ActiveAccount | ErasedAccount


def require_active(state: Account) -> ActiveAccount:
    match state:
        case ActiveAccount():
            return state
        case ErasedAccount():
            raise IllegalTransition("this account was erased")
    raise NotFound("no such account")
