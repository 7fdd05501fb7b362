"""What the API tells of products and categories, read again by the pages: they show what any client is told, and
nothing else."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.money import Money

QUANTITIES = 10


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    pass


class Rating(_Answer, frozen=True):
    average: float
    count: int


class Rendition(_Answer, frozen=True):
    url: str
    width: int
    height: int


class Picture(_Answer, frozen=True):
    """``width`` and ``height`` are pixels, None where nobody knows them."""

    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None
    renditions: list[Rendition] = []


class Offer(_Answer, frozen=True):
    shop_name: str
    shop_id: str
    sku: str
    price: Money
    list_price: Money | None
    price_name: str | None
    price_ends_at: str | None
    ships_to: list[str]
    limit_per_account: int | None
    backorder: bool
    in_stock: bool
    low_stock: bool
    available: int
    deliverable: bool
    seller_rating: Rating | None = None

    @property
    def before(self) -> Money | None:
        """A former price that is struck through."""
        listed = self.list_price
        return listed if listed is not None and listed.amount > self.price.amount else None

    @property
    def at_most(self) -> int:
        """So many of it are put into a cart at once."""
        return max(1, min(QUANTITIES, self.available, self.limit_per_account or QUANTITIES))

    @property
    def buyable(self) -> bool:
        return self.in_stock and self.deliverable


class Variant(_Answer, frozen=True):
    sku: str
    attributes: dict[str, Any]
    price: Money | None
    in_stock: bool
    low_stock: bool


class Axis(_Answer, frozen=True):
    name: str
    values: list[Any]


class Product(_Answer, frozen=True):
    product_id: str
    title: str
    description: str
    language: str
    labels: dict[str, str]
    brand: str | None
    category: list[str]
    attributes: dict[str, Any]
    axes: list[Axis]
    discontinued: bool
    image: str | None
    pictures: list[Picture]
    variants: list[Variant]
    offers: list[Offer]
    rating: Rating | None

    def variant(self, sku: str) -> Variant:
        """The sibling of this SKU; else the one that the best offer sells, or the first."""
        best = next((offer.sku for offer in self.offers if offer.deliverable), None)
        by_sku = {one.sku: one for one in self.variants}
        return by_sku.get(sku) or by_sku.get(best or "") or self.variants[0]

    def sold(self, variant: Variant) -> list[Offer]:
        """The offers of this sibling; of a product without axes all, since nobody could choose among the others."""
        return [offer for offer in self.offers if offer.sku == variant.sku] if self.axes else self.offers


class Card(_Answer, frozen=True):
    """A product in a list."""

    product_id: str
    title: str
    brand: str | None
    category: list[str]
    image: str | None
    price: Money | None
    offers: int
    rating: Rating | None
    in_stock: bool
    low_stock: bool
    renditions: list[Rendition] = []

    @property
    def picture(self) -> Picture | None:
        return None if self.image is None else Picture(self.image, renditions=self.renditions)


class Listing(_Answer, frozen=True):
    items: list[Card]
    total: int = 0


class Step(_Answer, frozen=True):
    """A category on the way to another; ``label`` is its name in the reader's language, where there is one."""

    name: str
    path: str
    label: str | None = None

    @property
    def called(self) -> str:
        return self.label or self.name


class Node(Step, frozen=True):
    count: int = 0


class Category(Step, frozen=True):
    breadcrumbs: list[Step] = []
    children: list[Node] = []
    products: Listing = Listing([])


class Tree(_Answer, frozen=True):
    items: list[Node]


product = msgspec.json.Decoder(Product).decode
card = msgspec.json.Decoder(Card).decode
listing = msgspec.json.Decoder(Listing).decode
category = msgspec.json.Decoder(Category).decode
tree = msgspec.json.Decoder(Tree).decode
