"""Products, offers and shops: small aggregates, each against what was said last."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from domain.catalog.product import (
    PRODUCT,
    ActiveProduct,
    ChangeProduct,
    CreateProduct,
    Description,
    DiscontinueProduct,
    Variant,
)
from domain.errors import DomainError, IllegalTransition, Invalid, NotFound
from domain.money import Money
from domain.sellers.drop import AnnounceDrop, DropTerms, EndDrop, OpenDrop, commitment_of
from domain.sellers.offer import OFFER, LiveOffer, PutOffer, Terms, WithdrawOffer, drop_of
from domain.sellers.shop import SHOP, OpenedShop, OpenShop, RenameShop
from tests.domain.machines.aggregate import AggregateMachine

names = st.sampled_from(("Pen", "Ink", " Pen ", "", "x" * 1_001))
attributes = st.dictionaries(
    st.sampled_from(("colour", "nib")),
    st.text(max_size=3) | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.floats(allow_nan=False),
)
descriptions = st.builds(
    Description,
    title=names,
    description=st.text(max_size=5),
    brand=st.none() | st.text(max_size=3),
    category=st.lists(st.text(max_size=3), max_size=9).map(tuple),
    attributes=attributes,
    media=st.lists(st.text(max_size=3), max_size=2).map(tuple),
)
variants = st.lists(st.builds(Variant, sku=st.sampled_from("abc"), attributes=attributes), max_size=3).map(tuple)
amounts = st.builds(Money, st.integers(-1, 10**6), st.sampled_from(("USD", "USD", "EUR")))
terms = st.builds(
    Terms,
    price=amounts,
    list_price=st.none() | amounts,
    ships_to=st.sampled_from((("*",), ("US", "CA"), ())),
    hold_policy=st.sampled_from(("checkout", "cart")),
    limit_per_account=st.none() | st.integers(0, 3),
    backorder=st.booleans(),
)


class ProductMachine(AggregateMachine):
    decider = PRODUCT

    def __init__(self) -> None:
        super().__init__()
        self.text: Description | None = None
        self.gone = False

    def acceptable(self, text: Description) -> bool:
        return 0 < len(text.title.strip()) <= len(text.title) <= 1_000 and len(text.category) <= 8

    @rule(text=descriptions, of=variants)
    def create(self, text: Description, of: Any) -> None:
        decided = self.ask(CreateProduct("prd_1", "usr_1", text, of))
        if self.text is not None:
            assert decided == []
        elif isinstance(decided, DomainError):
            skus = [variant.sku for variant in of]
            assert not self.acceptable(text) or not skus or len(set(skus)) < len(skus)
        else:
            self.text = text

    @rule(text=descriptions)
    def change(self, text: Description) -> None:
        decided = self.ask(ChangeProduct("prd_1", text))
        if self.text is None:
            assert isinstance(decided, NotFound)
        elif self.gone:
            assert isinstance(decided, IllegalTransition)
        elif not self.acceptable(text):
            assert isinstance(decided, Invalid)
        else:
            self.text = text

    @rule()
    def discontinue(self) -> None:
        decided = self.ask(DiscontinueProduct("prd_1"))
        assert isinstance(decided, NotFound) == (self.text is None)
        self.gone = self.text is not None

    @invariant()
    def the_last_word_counts(self) -> None:
        assert isinstance(self.state, ActiveProduct) == (self.text is not None and not self.gone)
        if isinstance(self.state, ActiveProduct):
            assert self.again(ChangeProduct("prd_1", self.text)) == []  # type: ignore[arg-type]
            assert len(set(self.state.skus)) == len(self.state.skus) > 0


def fit_for_a_drop(offered: Terms) -> bool:
    return offered.hold_policy == "checkout" and offered.limit_per_account is not None and not offered.backorder


class OfferMachine(AggregateMachine):
    """An offer and its drop, of which there is one at a time, and none without an offer that is fit for it."""

    decider = OFFER

    def __init__(self) -> None:
        super().__init__()
        self.live: tuple[str, Terms] | None = None
        self.drop: tuple[str, int, int] | None = None
        """Its id, when it opens and when it ends."""
        self.opened = False
        self.at = 1_000

    def is_likely(self, price: Money) -> bool:
        """Neither nothing nor less than a tenth of what stands, unless it stands already."""
        stands = self.live[1].price if self.live else None
        return price == stands or (price.amount > 0 and (stands is None or price.amount * 10 >= stands.amount))

    @rule(product_id=st.sampled_from(("prd_1", "prd_2")), wanted=terms, careful=st.booleans())
    def put(self, product_id: str, wanted: Terms, careful: bool) -> None:
        decided = self.ask(PutOffer("off_1", product_id, "USD", wanted, careful=careful))
        prices = [wanted.price] + ([wanted.list_price] if wanted.list_price else [])
        wrong = any(price.amount < 0 or price.currency != "USD" for price in prices) or wanted.limit_per_account == 0
        wrong = wrong or (self.drop is not None and not fit_for_a_drop(wanted))
        wrong = wrong or (careful and not self.is_likely(wanted.price))
        assert isinstance(decided, Invalid) == wrong
        if not wrong:
            assert (decided == []) == (self.live == (product_id, wanted))
            self.live = product_id, wanted

    @rule()
    def withdraw(self) -> None:
        assert bool(self.ask(WithdrawOffer("off_1"))) == (self.live is not None)
        self.live = self.drop = None

    @rule(passed=st.integers(0, 50))
    def time_passes(self, passed: int) -> None:
        self.at += passed

    @rule(drop_id=st.sampled_from(("drp_1", "drp_2")), opens_in=st.integers(1, 30), lasts=st.integers(1, 30))
    def announce(self, drop_id: str, opens_in: int, lasts: int) -> None:
        opens, ends = self.at + opens_in, self.at + opens_in + lasts
        terms = DropTerms(opens, ends, 60, 60_000)
        decided = self.ask(AnnounceDrop("off_1", drop_id, terms, commitment_of(drop_id), self.at))
        may = self.live is not None and fit_for_a_drop(self.live[1])
        known = self.drop is not None and self.drop[0] == drop_id
        free = self.drop is None or self.at >= self.drop[2]
        assert isinstance(decided, list) == (may and (known or free))
        if isinstance(decided, list) and not known:
            self.drop, self.opened = (drop_id, opens, ends), False

    @rule(drop_id=st.sampled_from(("drp_1", "drp_2")), honest=st.booleans(), joined=st.integers(0, 9))
    def open(self, drop_id: str, honest: bool, joined: int) -> None:
        decided = self.ask(OpenDrop("off_1", drop_id, drop_id if honest else "another", joined, self.at))
        meant = self.drop is not None and self.drop[0] == drop_id and not self.opened
        due = self.drop is not None and self.at >= self.drop[1]
        assert (decided == []) == (not meant)
        assert isinstance(decided, DomainError) == (meant and not (due and honest))
        self.opened = self.opened or (meant and due and honest)

    @rule(drop_id=st.sampled_from(("drp_1", "drp_2")), over=st.booleans())
    def end(self, drop_id: str, over: bool) -> None:
        decided = self.ask(EndDrop("off_1", drop_id, self.at, "over" if over else "called_off"))
        meant = self.drop is not None and self.drop[0] == drop_id
        early = over and self.drop is not None and self.at < self.drop[2]
        assert isinstance(decided, IllegalTransition) == (meant and early)
        if meant and not early:
            self.drop = None

    @invariant()
    def the_last_word_counts(self) -> None:
        assert isinstance(self.state, LiveOffer) == (self.live is not None)
        assert self.live is None or (self.state.product_id, self.state.terms) == self.live
        drop = drop_of(self.state)
        assert (drop and (drop.drop_id, drop.terms.opens_at, drop.terms.ends_at)) == self.drop
        assert drop is None or bool(drop.seed) == self.opened


class ShopMachine(AggregateMachine):
    decider = SHOP

    def __init__(self) -> None:
        super().__init__()
        self.name = ""

    @rule(name=names, owner=st.sampled_from(("usr_1", "usr_2")))
    def open(self, name: str, owner: str) -> None:
        decided = self.ask(OpenShop("shp_1", owner, name, "US", "USD"))
        if self.name:
            assert decided == []
        elif isinstance(decided, list):
            self.name = name.strip()

    @rule(name=names)
    def rename(self, name: str) -> None:
        decided = self.ask(RenameShop("shp_1", name))
        if isinstance(decided, list):
            assert (decided == []) == (self.name == name.strip())
            self.name = name.strip()

    @invariant()
    def the_last_word_counts(self) -> None:
        assert isinstance(self.state, OpenedShop) == bool(self.name)
        assert getattr(self.state, "name", "") == self.name
        assert len(self.name) <= 200


TestProduct = ProductMachine.TestCase
TestOffer = OfferMachine.TestCase
TestShop = ShopMachine.TestCase
for case in (TestProduct, TestOffer, TestShop):
    case.settings = settings(max_examples=50, stateful_step_count=20)
del case
