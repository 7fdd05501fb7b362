"""Bodies of the merchant commands, shared by the routes and by imports of the same lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, GetPydanticSchema, StrictBool, StrictInt

from domain.buyers.account import GROUP_MAX
from domain.catalog.attributes import ITEMS_MAX, Attribute
from domain.catalog.language import (
    DEFAULT,
    DESCRIPTION_MAX,
    LABEL_MAX,
    LABELS_MAX,
    LANGUAGES_MAX,
    TAG,
    TAG_MAX,
    TITLE_MAX,
    Text,
)
from domain.catalog.product import (
    ATTRIBUTES_MAX,
    AXES_MAX,
    CATEGORY_DEPTH_MAX,
    MEDIA_MAX,
    VARIANTS_MAX,
    Description,
    Variant,
)
from domain.catalog.units import VALUE_MAX, Measure
from domain.inventory.inventory import QUANTITY_MAX
from domain.money import Money
from domain.sellers.offer import EVERYWHERE, LIMIT_MAX, PRICES_MAX, ScheduledPrice, Terms
from domain.sellers.shop import NAME_MAX
from readapi.edge.schemas import (
    LONG_TEXT,
    ONE_LINE,
    SKU,
    TRIMMED,
    CountryCode,
    CurrencyCode,
    InstantIn,
    Line100,
    MoneyIn,
)
from readapi.edge.validation import told
from writeapi.merchants.products import Draft
from writeapi.requests import Body

WHOLE_MAX = (1 << 53) - 1
"""Beyond it readers of JSON that know only doubles would see another number."""
_STEP = r"^[^/\x00-\x1f\x7f-\x9f]*[^\s/\x00-\x1f\x7f-\x9f][^/\x00-\x1f\x7f-\x9f]*$"
"""No slashes, which join a category's steps, no control characters, and more than spaces."""
_EXAMPLE: dict[str, Any] = {
    "title": "Oak bed",
    "description": "Solid oak, 160 x 200 cm.",
    "brand": "Nordwald",
    "category": ["Furniture", "Beds"],
    "attributes": {"material": "oak", "width_cm": 160},
    "media": ["https://img.example/oak-bed.jpg"],
    "variants": [{"sku": "BED-160", "attributes": {"width_cm": 160}}],
    "texts": {"de": {"title": "Eichenbett", "labels": {"material": "Werkstoff", "width_cm": "Breite"}}},
}


Sku = Annotated[str, Field(pattern=SKU, max_length=100, examples=["BED-160"])]
Name = Annotated[str, TRIMMED, Field(min_length=1, max_length=200), ONE_LINE]
Whole = Annotated[StrictInt, Field(ge=-WHOLE_MAX, le=WHOLE_MAX)]


class MeasureIn(Body):
    """A number with a unit; shown and compared in the unit that the category asks for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"value": 17, "unit": "in"}]})

    value: Annotated[float, Field(ge=-VALUE_MAX, le=VALUE_MAX)]
    unit: Annotated[str, Field(min_length=1, max_length=12), ONE_LINE]


_Scalar = Annotated[
    Annotated[str, Field(max_length=20_000), LONG_TEXT] | StrictBool | Whole | float,
    Field(union_mode="left_to_right"),
]
Value = Annotated[
    Annotated[str, Field(max_length=20_000), LONG_TEXT]
    | StrictBool
    | Whole
    | float
    | MeasureIn
    | Annotated[list[_Scalar], Field(max_length=ITEMS_MAX)],
    Field(union_mode="left_to_right"),
    GetPydanticSchema(lambda source, handler: _in_one_sentence(handler(source))),
]
Attributes = Annotated[dict[Name, Value], Field(max_length=ATTRIBUTES_MAX)]
Title = Annotated[str, TRIMMED, Field(min_length=1, max_length=TITLE_MAX), ONE_LINE]
Prose = Annotated[str, Field(max_length=DESCRIPTION_MAX), LONG_TEXT]
Language = Annotated[
    str,
    Field(pattern=told(f"^{TAG.pattern}$", "a language tag such as de or de-CH"), max_length=TAG_MAX, examples=["de"]),
]
"""A tag of BCP 47."""
CategoryStep = Annotated[
    str,
    TRIMMED,
    Field(pattern=told(_STEP, "a category's name, without slashes and control characters"), max_length=100),
]
CategoryPath = Annotated[list[CategoryStep], Field(max_length=CATEGORY_DEPTH_MAX)]
Address = Annotated[
    str,
    Field(
        pattern=told(r"^(https?://|/)\S+$", "an address that begins with https://, http:// or /, without spaces"),
        max_length=2_000,
    ),
]
Media = Annotated[list[Address], Field(max_length=MEDIA_MAX)]
Label = Annotated[str, Field(min_length=1, max_length=LABEL_MAX), ONE_LINE]
Labels = Annotated[dict[Name, Label], Field(max_length=LABELS_MAX)]
Reason = Annotated[str, Field(max_length=200), ONE_LINE]
Group = Annotated[str, TRIMMED, Field(min_length=1, max_length=GROUP_MAX), ONE_LINE]


def is_category_step(text: str) -> bool:
    """Whether a product could name it as a step of its category."""
    return len(text) <= 100 and re.fullmatch(_STEP, text) is not None


def _in_one_sentence(union: Any) -> Any:
    """One error for a value that is none of the kinds, not one for each kind."""
    assert union["type"] == "union", union["type"]
    message = (
        "a text of at most 20000 characters without control characters but line breaks and tabs, a number, "
        "true or false, a number with a unit such as "
        f'{{"value": 17, "unit": "in"}}, or a list of at most {ITEMS_MAX} of the first three'
    )
    return {**union, "custom_error_type": "attribute_value", "custom_error_message": message}


ShopName = Annotated[str, Field(min_length=1, max_length=NAME_MAX), ONE_LINE]


class NewShop(Body):
    name: Annotated[ShopName, Field(examples=["Nordwald"])]
    country: CountryCode
    currency: CurrencyCode


class ShopChange(Body):
    """Country and currency are fixed: offers and orders rely on them."""

    name: Annotated[ShopName, Field(examples=["Nordwald & Co."])]


class NewVariant(Body):
    """A SKU that a product is to be had in, and what tells it from the others."""

    sku: Sku
    attributes: Attributes = {}

    def variant(self) -> Variant:
        return Variant(self.sku, stored(self.attributes))


def stored(attributes: Mapping[str, Any]) -> dict[str, Attribute]:
    """Attributes as the domain has them."""
    return {name: _stored(value) for name, value in attributes.items()}


def _stored(value: Any) -> Attribute:
    if isinstance(value, MeasureIn):
        return Measure(value.value, value.unit)
    return tuple(value) if isinstance(value, list) else value


class TextIn(Body):
    """In one more language. ``labels`` are what attributes are called, by their names; without a description the
    product's own is shown."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Eichenbett", "labels": {"material": "Holz"}}]})

    title: Title
    description: Prose = ""
    labels: Labels = {}


Texts = Annotated[dict[Language, TextIn], Field(max_length=LANGUAGES_MAX)]


def texts_of(texts: Mapping[str, TextIn]) -> dict[str, Text]:
    """Texts as the domain has them."""
    return {tag: Text(one.title, one.description, one.labels) for tag, one in texts.items()}


class NewProduct(Body):
    """Without variants one SKU is made. ``externalId`` is the merchant's own name: sent again, nothing is created.

    ``axes`` are the attributes by which the variants differ, no two alike. A draft is seen by its owner alone, and may
    lack what its category asks for until it is published. ``language`` is that of title and description; ``texts`` has
    them in others, by language tag.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    title: Title
    description: Prose = ""
    brand: Name | None = None
    category: CategoryPath = []
    attributes: Attributes = {}
    media: Media = []
    variants: Annotated[list[NewVariant], Field(max_length=VARIANTS_MAX)] = []
    axes: Annotated[list[Name], Field(max_length=AXES_MAX, examples=[["width_cm"]])] = []
    status: Literal["draft", "published"] = "published"
    external_id: Annotated[Line100 | None, Field(examples=["erp-4711"])] = None
    language: Language = DEFAULT
    texts: Texts = {}

    def draft(self) -> Draft:
        said = Description(
            self.title,
            self.description,
            self.brand,
            tuple(self.category),
            stored(self.attributes),
            tuple(self.media),
            self.language,
            texts_of(self.texts),
        )
        variants = tuple(variant.variant() for variant in self.variants)
        return Draft(said, variants, self.external_id or "", self.status == "draft", tuple(self.axes))


class ProductChange(Body):
    """Fields that are given replace what was there; null empties one. Variants stay as they are."""

    title: Annotated[Title, Field(examples=["Oak bed, oiled"])] | None = None
    description: Prose | None = None
    brand: Name | None = None
    category: CategoryPath | None = None
    attributes: Attributes | None = None
    media: Media | None = None
    language: Language | None = None
    texts: Texts | None = None

    def onto(self, said: Description) -> Description:
        """The description with these changes."""
        given = self.model_fields_set
        return Description(
            title=(self.title or "") if "title" in given else said.title,
            description=(self.description or "") if "description" in given else said.description,
            brand=self.brand if "brand" in given else said.brand,
            category=tuple(self.category or ()) if "category" in given else said.category,
            attributes=stored(self.attributes or {}) if "attributes" in given else said.attributes,
            media=tuple(self.media or ()) if "media" in given else said.media,
            language=(self.language or DEFAULT) if "language" in given else said.language,
            texts=texts_of(self.texts or {}) if "texts" in given else said.texts,
        )


class PriceIn(Body):
    """Instead of the offer's price: for a time, for a customer group, or both."""

    price: MoneyIn
    starts_at: InstantIn | None = None
    ends_at: InstantIn | None = None
    group: Annotated[Group | None, Field(examples=["wholesale"])] = None
    name: Annotated[Line100 | None, Field(examples=["Black Friday"])] = None

    def scheduled(self) -> ScheduledPrice:
        price = Money(self.price.amount, self.price.currency)
        return ScheduledPrice(price, self.starts_at or 0, self.ends_at or 0, self.group or "", self.name or "")


class OfferTerms(Body):
    """In the shop's currency. ``shipsTo`` lists countries; without it the shop ships everywhere."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"price": {"amount": 49900, "currency": "USD"}, "shipsTo": ["US", "CA"]}]},
    )

    price: MoneyIn
    list_price: MoneyIn | None = None
    ships_to: Annotated[list[CountryCode | Literal["*"]], Field(min_length=1, max_length=300)] | None = None
    hold_policy: Literal["checkout", "cart"] = "checkout"
    limit_per_account: Annotated[StrictInt, Field(ge=1, le=LIMIT_MAX)] | None = None
    backorder: StrictBool = False
    prices: Annotated[list[PriceIn], Field(max_length=PRICES_MAX)] = []

    def terms(self) -> Terms:
        listed = self.list_price
        return Terms(
            price=Money(self.price.amount, self.price.currency),
            list_price=None if listed is None else Money(listed.amount, listed.currency),
            ships_to=tuple(sorted(set(self.ships_to))) if self.ships_to else EVERYWHERE,
            hold_policy=self.hold_policy,
            limit_per_account=self.limit_per_account,
            backorder=self.backorder,
            prices=tuple(one.scheduled() for one in self.prices),
        )


class Received(Body):
    quantity: Annotated[StrictInt, Field(ge=1, le=QUANTITY_MAX, examples=[10])]
    reason: Reason = ""


class Adjusted(Body):
    """Signed: what was found, or what is lost."""

    quantity: Annotated[StrictInt, Field(ge=-QUANTITY_MAX, le=QUANTITY_MAX, examples=[-2])]
    reason: Annotated[Reason, Field(examples=["damaged"])] = ""
