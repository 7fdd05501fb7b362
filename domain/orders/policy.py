"""How orders are dealt with that are placed from now on. Each keeps what held when it was placed."""

from __future__ import annotations

import msgspec

from domain.pricing.pricing import Quote

SHIPMENT = "shipment"
PARCEL = "parcel"
LATER = "later"
ABOVE = "amount"
COUNTRY = "country"


class OrderPolicy(msgspec.Struct, frozen=True, gc=False):
    """``capture`` says when the money is taken: at once if it is empty, ``shipment`` when the first parcel is packed,
    ``parcel`` for each parcel what it costs when that is packed, ``later`` when ``capture_after`` (ms) have gone by
    since the order was placed."""

    capture: str = ""
    capture_after: int = 0
    review_above: int | None = None
    """Orders of more than so many minor units, in whatever currency, are looked at by a person; None for none."""
    review_countries: tuple[str, ...] = ()
    """So are orders that go there."""
    review_within: int = 72 * 3_600_000
    """How long somebody has to look at one before it is rejected by itself (ms)."""

    @property
    def reviews(self) -> bool:
        """Whether any order is looked at."""
        return self.review_above is not None or bool(self.review_countries)

    def capture_of(self, covered: bool) -> str:
        """A gift card is redeemed at once and whole, so what it pays a part of is taken with the first parcel."""
        return SHIPMENT if covered and self.capture == PARCEL else self.capture

    def capture_at(self, placed_at: int) -> int:
        return placed_at + self.capture_after if self.capture == LATER else 0

    def reasons(self, quote: Quote, country: str) -> tuple[str, ...]:
        """Why an order is to be looked at; none when it is not."""
        above = self.review_above is not None and quote.totals.grand.amount > self.review_above
        return (ABOVE,) * above + (COUNTRY,) * (country in self.review_countries)
