"""Accounts and claims, each against a model of plain dictionaries."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from domain.buyers import account
from domain.buyers.account import (
    ACCOUNT,
    ADDRESSES_MAX,
    PAYMENT_METHODS_MAX,
    SCOPES,
    ActiveAccount,
    ErasedAccount,
    NoAccount,
)
from domain.claim import CLAIM, AlreadyClaimed, ReleaseClaim, TakeClaim
from domain.errors import DomainError, Forbidden, IllegalTransition, Invalid, LimitExceeded, NotFound
from tests.domain.machines.aggregate import AggregateMachine

ID = "usr_1"
sealed = st.binary(max_size=4)
numbers = st.integers(1, 4)


class AccountMachine(AggregateMachine):
    decider = ACCOUNT

    def __init__(self) -> None:
        super().__init__()
        self.profile: bytes | None = None
        self.erased = False
        self.scopes: set[str] = set()
        self.revoked: set[str] = set()
        self.addresses: dict[str, account.Address] = {}
        self.methods: dict[str, str] = {}

    @property
    def active(self) -> bool:
        return self.profile is not None and not self.erased

    def refused(self, decided: object) -> None:
        assert isinstance(decided, IllegalTransition if self.erased else NotFound)

    @rule(profile=sealed, scopes=st.sampled_from((("customer",), ("merchant",), ("customer", "admin"))))
    def register(self, profile: bytes, scopes: tuple[str, ...]) -> None:
        decided = self.ask(account.RegisterAccount(ID, "clm_email.x", profile, scopes))
        if self.erased:
            self.refused(decided)
        elif self.profile is None:
            self.profile, self.scopes = profile, set(scopes)
        else:
            assert decided == []

    @rule(profile=sealed)
    def change_profile(self, profile: bytes) -> None:
        # Sealed anew each time, so that the same profile never has the same bytes: there is nothing to compare.
        decided = self.ask(account.ChangeProfile(ID, profile), once=False)
        if self.active:
            self.profile = profile
        else:
            self.refused(decided)

    @rule(scope=st.sampled_from((*SCOPES, "king")), again=st.booleans())
    def grant(self, scope: str, again: bool) -> None:
        decided = self.ask(account.GrantScope(ID, scope, again))
        if scope not in SCOPES:
            assert isinstance(decided, Invalid)
        elif not self.active:
            self.refused(decided)
        elif scope in self.revoked and not again:
            assert isinstance(decided, Forbidden)
        else:
            assert bool(decided) == (scope not in self.scopes)
            self.scopes.add(scope)
            self.revoked.discard(scope)

    @rule(scope=st.sampled_from((*SCOPES, "king")))
    def revoke(self, scope: str) -> None:
        decided = self.ask(account.RevokeScope(ID, scope))
        if scope not in SCOPES or scope == "customer":
            assert isinstance(decided, Invalid)
        elif not self.active:
            self.refused(decided)
        else:
            assert bool(decided) == (scope in self.scopes)
            if decided:
                self.scopes.discard(scope)
                self.revoked.add(scope)

    @rule(number=numbers, secret=sealed)
    def add_address(self, number: int, secret: bytes) -> None:
        address = account.Address(f"adr_{number}", secret, "US", "CA")
        decided = self.ask(account.AddAddress(ID, address))
        if not self.active:
            self.refused(decided)
        elif address.address_id not in self.addresses and len(self.addresses) >= ADDRESSES_MAX:
            assert isinstance(decided, LimitExceeded)
        else:
            self.addresses.setdefault(address.address_id, address)

    @rule()
    def add_many(self) -> None:
        for number in range(ADDRESSES_MAX):
            self.add_address(number, b"")
        for number in range(PAYMENT_METHODS_MAX):
            self.add_method(number)

    @rule(number=numbers, secret=sealed)
    def change_address(self, number: int, secret: bytes) -> None:
        address = account.Address(f"adr_{number}", secret, "DE", "")
        decided = self.ask(account.ChangeAddress(ID, address), once=False)  # sealed anew each time, as above
        if not self.active:
            self.refused(decided)
        elif address.address_id in self.addresses:
            self.addresses[address.address_id] = address
        else:
            assert isinstance(decided, NotFound)

    @rule(number=numbers)
    def remove_address(self, number: int) -> None:
        decided = self.ask(account.RemoveAddress(ID, f"adr_{number}"))
        if not self.active:
            self.refused(decided)
        else:
            there = self.addresses.pop(f"adr_{number}", None)
            assert isinstance(decided, NotFound) == (there is None)

    @rule(number=numbers)
    def add_method(self, number: int) -> None:
        name = f"pmt_{number}"
        decided = self.ask(account.AddPaymentMethod(ID, account.PaymentMethod(name, f"pm_{number}")))
        if not self.active:
            self.refused(decided)
        elif name not in self.methods and len(self.methods) >= PAYMENT_METHODS_MAX:
            assert isinstance(decided, LimitExceeded)
        else:
            self.methods[name] = f"pm_{number}"

    @rule(number=numbers)
    def remove_method(self, number: int) -> None:
        decided = self.ask(account.RemovePaymentMethod(ID, f"pmt_{number}"))
        if not self.active:
            self.refused(decided)
        else:
            there = self.methods.pop(f"pmt_{number}", None)
            assert isinstance(decided, NotFound) == (there is None)

    @rule(rarely=st.integers(0, 4))
    def erase(self, rarely: int) -> None:
        if rarely == 0:
            decided = self.ask(account.EraseAccount(ID))
            assert isinstance(decided, DomainError) == (self.profile is None)
            self.erased = self.profile is not None

    @invariant()
    def agrees_with_the_model(self) -> None:
        match self.state:
            case ActiveAccount() as known:
                assert self.active
                assert (known.profile, set(known.scopes)) == (self.profile, self.scopes)
                assert sorted(known.revoked) == sorted(self.revoked)
                assert known.addresses == self.addresses
                assert {key: method.token for key, method in known.payment_methods.items()} == self.methods
            case ErasedAccount():
                assert self.erased
            case NoAccount():
                assert self.profile is None


class ClaimMachine(AggregateMachine):
    decider = CLAIM

    def __init__(self) -> None:
        super().__init__()
        self.owner = ""

    @rule(owner=st.sampled_from("abc"), abandoned=st.sampled_from(("", "a", "b")))
    def take(self, owner: str, abandoned: str) -> None:
        decided = self.ask(TakeClaim("clm_sku.x", owner, abandoned=abandoned))
        if self.owner not in ("", owner, abandoned):
            assert isinstance(decided, AlreadyClaimed)
            assert decided.data == {"owner": self.owner}
        else:
            assert bool(decided) == (self.owner != owner)
            self.owner = owner

    @rule(owner=st.sampled_from("abc"))
    def release(self, owner: str) -> None:
        assert bool(self.ask(ReleaseClaim("clm_sku.x", owner))) == (self.owner == owner)
        self.owner = "" if self.owner == owner else self.owner

    @invariant()
    def has_one_owner(self) -> None:
        assert self.state.owner == self.owner


TestAccount = AccountMachine.TestCase
TestClaim = ClaimMachine.TestCase
for case in (TestAccount, TestClaim):
    case.settings = settings(max_examples=50, stateful_step_count=25)
del case
