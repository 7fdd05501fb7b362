"""Product: what can be offered. Stream ``prd_…``.

A draft is seen by its owner alone, a published product by everybody, a discontinued one can still be read. Its variants
are a family: each has a SKU of its own, and where ``axes`` are named they differ by these, no two alike. Axes stay as
they were when it was created, because carts and orders name SKUs.

The state keeps digests instead of texts: enough to see that nothing changed, small enough that a million products
fit a cache.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from domain.catalog.attributes import Attribute, escaped
from domain.catalog.language import DEFAULT, DESCRIPTION_MAX, TITLE_MAX, Text, check_texts
from domain.decider import Command, Decider, Event, State
from domain.errors import IllegalTransition, Invalid, NotFound

ATTRIBUTES_MAX = 500
CATEGORY_DEPTH_MAX = 8
MEDIA_MAX = 50
VARIANTS_MAX = 200
AXES_MAX = 5


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
    language: str = DEFAULT
    """Of title and description."""
    texts: dict[str, Text] = {}
    """The same in other languages, by their tags."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Its own first."""
        return (self.language, *sorted(self.texts.keys() - {self.language}))

    def told_in(self, language: str) -> Description:
        """With title and description in one of its languages, and its own among the others. A text without a
        description has the product's own."""
        text = self.texts.get(language)
        if text is None:
            return self
        description = text.description or self.description
        others = {**self.texts, self.language: Text(self.title, self.description)}
        return replace(self, language=language, title=text.title, description=description, texts=others)

    @property
    def labels(self) -> dict[str, str]:
        """What attributes are called in the language it is told in."""
        text = self.texts.get(self.language)
        return {} if text is None else text.labels


class ProductCreated(Event, frozen=True):
    owner_id: str
    description: Description
    variants: tuple[Variant, ...]
    external_id: str = ""
    draft: bool = False
    axes: tuple[str, ...] = ()
    """Attributes by which the variants differ."""


class ProductChanged(Event, frozen=True):
    description: Description


class ProductPublished(Event, frozen=True):
    pass


class ProductWithdrawn(Event, frozen=True):
    """A draft again."""


class VariantAdded(Event, frozen=True):
    variant: Variant


class ProductDiscontinued(Event, frozen=True):
    pass


class CreateProduct(Command, frozen=True):
    product_id: str
    owner_id: str
    description: Description
    variants: tuple[Variant, ...]
    external_id: str = ""
    draft: bool = False
    axes: tuple[str, ...] = ()


class ChangeProduct(Command, frozen=True):
    product_id: str
    description: Description


class PublishProduct(Command, frozen=True):
    product_id: str


class WithdrawProduct(Command, frozen=True):
    product_id: str


class AddVariant(Command, frozen=True):
    product_id: str
    variant: Variant


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
    draft: bool = False
    axes: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()
    """Of a family with axes, where on them each variant stands."""
    brand: str | None = None


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
    check_texts(description.language, description.texts)


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
    _check_axes(command)
    return [
        ProductCreated(
            command.owner_id,
            command.description,
            command.variants,
            command.external_id,
            command.draft,
            command.axes,
        )
    ]


def _check_axes(command: CreateProduct) -> None:
    if len(command.axes) > AXES_MAX:
        raise Invalid(f"variants differ by at most {AXES_MAX} attributes", "/axes")
    if len(set(command.axes)) < len(command.axes):
        raise Invalid("this axis occurs twice", "/axes")
    taken: list[str] = []
    for i, variant in enumerate(command.variants):
        taken.append(_free_place(variant, command.axes, taken, f"/variants/{i}/attributes"))


def _free_place(variant: Variant, axes: Sequence[str], taken: Collection[str], at: str) -> str:
    """Where on the axes the variant stands. Raises Invalid if it says too little, or another one stands there."""
    for axis in axes:
        if axis not in variant.attributes:
            raise Invalid("expected: the variants differ by it", f"{at}/{escaped(axis)}")
    place = _place(variant, axes)
    if axes and place in taken:
        raise Invalid(f"another variant has the same {' and '.join(axes)}", at)
    return place


def _place(variant: Variant, axes: Sequence[str]) -> str:
    return "\x1f".join(str(variant.attributes.get(axis, "")) for axis in axes)


def change_product(command: ChangeProduct, state: Product) -> list[Event]:
    product = require_active(state)
    _check(command.description)
    return [] if digest(command.description) == product.digest else [ProductChanged(command.description)]


def publish_product(command: PublishProduct, state: Product) -> list[Event]:
    """Whether it has what its category asks for was looked at before."""
    return [ProductPublished()] if require_active(state).draft else []


def withdraw_product(command: WithdrawProduct, state: Product) -> list[Event]:
    return [] if require_active(state).draft else [ProductWithdrawn()]


def add_variant(command: AddVariant, state: Product) -> list[Event]:
    product, variant = require_active(state), command.variant
    if variant.sku in product.skus:
        _require_in_place(variant, product)
        return []
    if len(product.skus) >= VARIANTS_MAX:
        raise Invalid(f"a product has 1 to {VARIANTS_MAX} variants")
    if len(variant.attributes) > ATTRIBUTES_MAX:
        raise Invalid(f"longer than {ATTRIBUTES_MAX}", "/attributes")
    _free_place(variant, product.axes, product.taken, "/attributes")
    return [VariantAdded(variant)]


def _require_in_place(variant: Variant, product: ActiveProduct) -> None:
    """What has a SKU is ordered under it, so it does not become something else. Of a variant that says less than all
    axes nobody can tell. Raises IllegalTransition."""
    if not product.axes or not all(axis in variant.attributes for axis in product.axes):
        return
    if product.taken[product.skus.index(variant.sku)] != _place(variant, product.axes):
        axes = " and ".join(product.axes)
        raise IllegalTransition(f"{variant.sku} has another {axes}; give what differs a SKU of its own")


def discontinue_product(command: DiscontinueProduct, state: Product) -> list[Event]:
    match state:
        case ActiveProduct():
            return [ProductDiscontinued()]
        case DiscontinuedProduct():
            return []
    raise NotFound("no such product")


def is_sold(state: Product) -> bool:
    """Whether it may be put into carts and bought."""
    return isinstance(state, ActiveProduct) and not state.draft


def require_active(state: Product) -> ActiveProduct:
    match state:
        case ActiveProduct():
            return state
        case DiscontinuedProduct():
            raise IllegalTransition("this product is discontinued")
    raise NotFound("no such product")


def product_created(state: Product, event: ProductCreated) -> Product:
    skus = tuple(variant.sku for variant in event.variants)
    described = event.description
    taken = tuple(_place(variant, event.axes) for variant in event.variants) if event.axes else ()
    return ActiveProduct(
        event.owner_id,
        skus,
        digest(described),
        described.title,
        described.category,
        event.draft,
        event.axes,
        taken,
        described.brand,
    )


def product_changed(state: Product, event: ProductChanged) -> Product:
    if not isinstance(state, ActiveProduct):
        return state
    described = event.description
    return replace(
        state, digest=digest(described), title=described.title, category=described.category, brand=described.brand
    )


def product_published(state: Product, event: ProductPublished) -> Product:
    return replace(state, draft=False) if isinstance(state, ActiveProduct) else state


def product_withdrawn(state: Product, event: ProductWithdrawn) -> Product:
    return replace(state, draft=True) if isinstance(state, ActiveProduct) else state


def variant_added(state: Product, event: VariantAdded) -> Product:
    if not isinstance(state, ActiveProduct):
        return state
    taken = (*state.taken, _place(event.variant, state.axes)) if state.axes else ()
    return replace(state, skus=(*state.skus, event.variant.sku), taken=taken)


def product_discontinued(state: Product, event: ProductDiscontinued) -> Product:
    return DiscontinuedProduct(state.owner_id, state.skus) if isinstance(state, ActiveProduct) else state


PRODUCT = Decider(
    name="product",
    initial=NoProduct(),
    states=Product,
    decisions={
        CreateProduct: create_product,
        ChangeProduct: change_product,
        PublishProduct: publish_product,
        WithdrawProduct: withdraw_product,
        AddVariant: add_variant,
        DiscontinueProduct: discontinue_product,
    },
    evolutions={
        ProductCreated: product_created,
        ProductChanged: product_changed,
        ProductPublished: product_published,
        ProductWithdrawn: product_withdrawn,
        VariantAdded: variant_added,
        ProductDiscontinued: product_discontinued,
    },
    generation=5,
)
