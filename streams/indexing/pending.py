"""What an indexer has heard of and not dealt with yet."""

from __future__ import annotations

from dataclasses import dataclass, field

from projections.views import Touched


@dataclass(slots=True)
class Pending:
    """Keys of rows whose products may need new documents."""

    products: set[str] = field(default_factory=set)
    offers: set[str] = field(default_factory=set)
    stock: set[str] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.products) + len(self.offers) + len(self.stock)

    def add(self, touched: Touched) -> None:
        self.products |= touched.get("products", set()) | touched.get("ratings", set()) | touched.get("media", set())
        self.offers |= touched.get("offers", set())
        self.stock |= touched.get("stock", set())

    def merge(self, other: Pending) -> None:
        self.products |= other.products
        self.offers |= other.offers
        self.stock |= other.stock
