"""Product: what can be offered. Stream ``prd_…``.

The state keeps digests instead of texts: enough to see that nothing changed, small enough that a million products
fit a cache.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from msgspec.structs import replace

from domain.decider import Command, Decider, Event, State
from domain.errors import IllegalTransition, Invalid, NotFound

TITLE_MAX = 1_000
DESCRIPTION_MAX = 50_000
ATTRIBUTES_MAX = 500
CATEGORY_DEPTH_MAX = 8
MEDIA_MAX = 50
VARIANTS_MAX = 200

Attribute = str | int | float | bool


class Variant(Event, frozen=True):
    sku: str
    attributes: dict[str, Attribute] = {}


class Description(Event, frozen=True):
    """Everything a merchant says about a product, but for its variants."""

    title: str
    description: str = ""
    brand: str | None = None
    category: tuple[str, ...] = ()
    attributes: dict[str, Attribute] = {}
    media: tuple[str, ...] = ()


class ProductCreated(Event, frozen=True):
    owner_id: str
    description: Description
    variants: tuple[Variant, ...]
    external_id: str = ""


class ProductChanged(Event, frozen=True):
    description: Description


class ProductDiscontinued(Event, frozen=True):
    pass


class CreateProduct(Command, frozen=True):
    product_id: str
    owner_id: str
    description: Description
    variants: tuple[Variant, ...]
    external_id: str = ""


class ChangeProduct(Command, frozen=True):
    product_id: str
    description: Description


class DiscontinueProduct(Command, frozen=True):
    product_id: str


class NoProduct(State, frozen=True):
    pass


class ActiveProduct(State, frozen=True):
    owner_id: str
    skus: tuple[str, ...]
    digest: bytes
    title: str
    category: tuple[str, ...] = ()


class DiscontinuedProduct(State, frozen=True):
    owner_id: str
    skus: tuple[str, ...]


Product = NoProduct | ActiveProduct | DiscontinuedProduct


def digest(description: Description) -> bytes:
    return hashlib.sha256(msgspec.msgpack.encode(description, order="deterministic")).digest()[:16]


def _check(description: Description) -> None:
    limits: list[tuple[Any, int, str]] = [
        (description.title, TITLE_MAX, "/title"),
        (description.description, DESCRIPTION_MAX, "/description"),
        (description.attributes, ATTRIBUTES_MAX, "/attributes"),
        (description.category, CATEGORY_DEPTH_MAX, "/category"),
        (description.media, MEDIA_MAX, "/media"),
    ]
    for value, limit, pointer in limits:
        if len(value) > limit:
            raise Invalid(f"longer than {limit}", pointer)
    if not description.title.strip():
        raise Invalid("a product needs a title", "/title")


def create_product(command: CreateProduct, state: Product) -> list[Event]:
    if not isinstance(state, NoProduct):
        return []
    _check(command.description)
    if not 1 <= len(command.variants) <= VARIANTS_MAX:
        raise Invalid(f"a product has 1 to {VARIANTS_MAX} variants", "/variants")
    skus = [variant.sku for variant in command.variants]
    for i, sku in enumerate(skus):
        if sku in skus[:i]:
            raise Invalid("this SKU occurs twice", f"/variants/{i}/sku")
    return [ProductCreated(command.owner_id, command.description, command.variants, command.external_id)]


def change_product(command: ChangeProduct, state: Product) -> list[Event]:
    product = require_active(state)
    _check(command.description)
    return [] if digest(command.description) == product.digest else [ProductChanged(command.description)]


def discontinue_product(command: DiscontinueProduct, state: Product) -> list[Event]:
    match state:
        case ActiveProduct():
            return [ProductDiscontinued()]
        case DiscontinuedProduct():
            return []
    raise NotFound("no such product")


def require_active(state: Product) -> ActiveProduct:
    match state:
        case ActiveProduct():
            return state
        case DiscontinuedProduct():
            raise IllegalTransition("this product is discontinued")
    raise NotFound("no such product")


def product_created(state: Product, event: ProductCreated) -> Product:
    skus = tuple(variant.sku for variant in event.variants)
    told = event.description
    return ActiveProduct(event.owner_id, skus, digest(told), told.title, told.category)


def product_changed(state: Product, event: ProductChanged) -> Product:
    if not isinstance(state, ActiveProduct):
        return state
    told = event.description
    return replace(state, digest=digest(told), title=told.title, category=told.category)


def product_discontinued(state: Product, event: ProductDiscontinued) -> Product:
    return DiscontinuedProduct(state.owner_id, state.skus) if isinstance(state, ActiveProduct) else state


PRODUCT = Decider(
    name="product",
    initial=NoProduct(),
    states=Product,
    decisions={
        CreateProduct: create_product,
        ChangeProduct: change_product,
        DiscontinueProduct: discontinue_product,
    },
    evolutions={
        ProductCreated: product_created,
        ProductChanged: product_changed,
        ProductDiscontinued: product_discontinued,
    },
    generation=3,
)
