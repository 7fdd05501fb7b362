"""Promotions for tests: plain ones by name, and arbitrary ones."""

from __future__ import annotations

from hypothesis import strategies as st

from domain.money import PPM, Money
from domain.pricing.promotion import Amount, Benefit, BuyGet, FreeShipping, Percent, Scope, Terms

BENEFITS: st.SearchStrategy[Benefit] = st.one_of(
    st.builds(Percent, st.integers(1, PPM)),
    st.builds(
        lambda units, currency: Amount(Money(units, currency)), st.integers(1, 10**9), st.sampled_from(["USD", "EUR"])
    ),
    st.builds(BuyGet, st.integers(1, 5), st.integers(1, 5), st.integers(1, PPM)),
    st.just(FreeShipping()),
)
SCOPES = st.builds(Scope, st.sampled_from(["", "shp_1"]), st.just(()), st.sampled_from([(), ("SKU-0", "SKU-2")]))
TERMS = st.builds(
    lambda benefit, scope, units, priority, exclusive: Terms(
        "Sale", benefit, scope, min_units=units, priority=priority, exclusive=exclusive
    ),
    BENEFITS,
    SCOPES,
    st.integers(0, 3),
    st.integers(-2, 2),
    st.booleans(),
)


def percent_off(percent: int, name: str = "Sale", **more: object) -> Terms:
    return Terms(name, Percent(percent * PPM // 100), **more)  # type: ignore[arg-type]  # any of the terms' fields
