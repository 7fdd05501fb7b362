"""Shapes of the catalog's answers, for the OpenAPI document alone: answers are encoded without going through these."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from readapi.shapes.described import AttributeOut, Described, KeptCategory
from readapi.shapes.shape import MoneyOut as MoneyOut
from readapi.shapes.shape import Shape as Shape
from readapi.shapes.shape import Versioned as Versioned


class RatingOut(Shape):
    average: float = Field(description="1 to 5, to two decimals", examples=[4.25])
    count: int = Field(description="reviews", examples=[12])


class ProductCard(Shape):
    product_id: str = Field(examples=["prd_01KARQ0000ABCDEFGHJKMNPQRS"])
    sku: str = Field(description="what the best offer sells", examples=["BED-160"])
    skus: list[str]
    title: str = Field(examples=["Oak bed"])
    brand: str | None
    category: list[str] = Field(examples=[["Furniture", "Beds"]])
    image: str | None
    price: MoneyOut | None = Field(description="of the best offer; null while nobody sells it")
    offers: int = Field(description="how many")
    rating: RatingOut | None
    in_stock: bool
    low_stock: bool


class SellerRatingOut(Shape):
    """As it is shown: to one decimal, and of more than a hundred ratings to two digits how many."""

    average: float = Field(examples=[4.6])
    count: int = Field(examples=[120])


class SellerRatingReply(Shape):
    shop_id: str = Field(examples=["shp_01KARQ0000ABCDEFGHJKMNPQRS"])
    rating: int = Field(examples=[5])
    position: str = Field(examples=["42"])


class OfferOut(Shape):
    offer_id: str
    shop_id: str
    shop_name: str
    seller_rating: SellerRatingOut | None = Field(description="by those to whom it delivered; null while there is none")
    sku: str
    price: MoneyOut
    list_price: MoneyOut | None = Field(description="what it is usually sold for; in a sale the usual price")
    price_name: str | None = Field(description="of a price that holds for a time", examples=["Black Friday"])
    price_ends_at: datetime | None
    ships_to: list[str] = Field(description="ISO 3166 codes, or * for everywhere", examples=[["US", "CA"]])
    limit_per_account: int | None
    backorder: bool
    in_stock: bool
    low_stock: bool
    available: int = Field(description="units, at most 100 are told")
    deliverable: bool = Field(description="whether it goes to where it is said to go; those that do not come last")
    created_at: datetime
    updated_at: datetime
    version: int


class VariantOut(Shape):
    """One of a family, with its own price and availability: of its best offer."""

    sku: str
    attributes: dict[str, AttributeOut]
    price: MoneyOut | None
    offers: int
    in_stock: bool
    low_stock: bool


class Availability(Shape):
    in_stock: bool
    low_stock: bool


class PictureOut(Shape):
    media_id: str | None = Field(
        description="null for one that lies elsewhere", examples=["pic_01KARQ0000ABCDEFGHJKMNPQRS"]
    )
    url: str = Field(examples=["/api/media/prd_01KARQ0000ABCDEFGHJKMNPQRS/pic_01KARQ0000ABCDEFGHJKMNPQRS.jpg"])
    alt: str = Field(description="what it shows, for who cannot see it", examples=["The bed from the front"])
    type: str | None = Field(examples=["image/jpeg"])
    position: int = Field(examples=[0])


class ProductPage(Described):
    image: str | None = Field(description="the first picture")
    pictures: list[PictureOut] = Field(description="in their order: uploaded ones, then `media`")
    variants: list[VariantOut]
    offers: list[OfferOut] = Field(description="every seller's, the best first")
    best_offer: OfferOut | None
    price: MoneyOut | None
    availability: Availability
    in_stock: bool
    low_stock: bool
    rating: RatingOut | None


class BucketOut(Shape):
    value: str
    count: int


class SellerBucketOut(BucketOut):
    value: str = Field(description="a shop id", examples=["shp_01KARQ0000ABCDEFGHJKMNPQRS"])
    name: str | None = Field(description="what the shop calls itself; null while that is not known")


class CategoryBucketOut(BucketOut):
    value: str = Field(description="a path", examples=["Furniture/Beds"])
    label: str | None = Field(None, description="the name of its last step in a language that is asked for")


class FacetsOut(Shape):
    """Counts beside a result; a filter narrows every facet but its own."""

    category: list[CategoryBucketOut]
    brand: list[BucketOut]
    price: list[BucketOut] = Field(description="low-high in minor units, the high end not included")
    rating: list[BucketOut]
    availability: list[BucketOut] = Field(description="true: in stock, false: not")
    seller: list[SellerBucketOut]
    attributes: dict[str, list[BucketOut]]
    attribute_labels: dict[str, str] = Field(
        {}, description="what the category calls them in a language that is asked for", examples=[{"width": "Breite"}]
    )


class Listed(Shape):
    next: str | None = Field(description="cursor of the next page")
    prev: str | None = Field(description="cursor of the page before")


class ReasonOut(Shape):
    part: str = Field(examples=["words"])
    about: str = Field(examples=["oak"])
    score: float = Field(examples=[12.4])
    details: list[ReasonOut] = Field(description="how the part came about; the best of them counts most")


class ExplanationOut(Shape):
    product_id: str
    score: float
    reasons: list[ReasonOut] = Field(description="their scores add up to it")


class ProductList(Listed):
    items: list[ProductCard]
    total: int
    facets: FacetsOut
    suggestion: str | None = Field(description="the text with misspelt words corrected", examples=["oak bed"])
    rescued: Literal["fewer_words", "spelling"] | None = Field(description="how more was found than the text finds")
    explain: list[ExplanationOut] | None = Field(None, description="for administrators who ask for it")


class SuggestionOut(Shape):
    text: str
    kind: Literal["category", "brand", "product", "search"] = Field(description="`search`: what others search for")
    product_id: str | None = Field(description="set for a product")
    label: str = Field(description="the text as it is shown: of a category, its path in the reader's language")


class SuggestionList(Listed):
    items: list[SuggestionOut]


class CategoryOut(Shape):
    name: str = Field(examples=["Beds"])
    path: str = Field(examples=["Furniture/Beds"])
    label: str | None = Field(
        None, description="its name in a language that is asked for, where it has one", examples=["Betten"]
    )
    count: int = Field(description="products in it and below")


class CategoryNode(CategoryOut):
    children: list[CategoryNode]


class CategoryTree(Listed):
    items: list[CategoryNode]


class Step(Shape):
    name: str
    path: str
    label: str | None = Field(None, description="its name in a language that is asked for")


class CategoryPage(CategoryOut):
    breadcrumbs: list[Step]
    children: list[CategoryOut]
    kept: KeptCategory | None = Field(description="null for a path that products name and nobody keeps")
    products: ProductList


class ShopOut(Versioned):
    """The last three are told to the owner and to administrators only."""

    shop_id: str
    name: str
    country: str
    currency: str
    owner_id: str | None = None
    offers: int | None = Field(None, description="how many SKUs it sells")
    stock_items: int | None = Field(None, description="how many SKUs it keeps stock of")


class ShopOrderLine(Shape):
    line_id: str
    shop_id: str
    sku: str
    product_id: str
    title: str
    quantity: int
    unit_price: MoneyOut
    discount: MoneyOut
    tax: MoneyOut
    total: MoneyOut


class ShopOrder(Versioned):
    order_id: str
    status: str
    lines: list[ShopOrderLine] = Field(description="this shop's lines only")
    total: MoneyOut = Field(description="of these lines")
    shipments: list[dict[str, Any]] = Field(description="of this shop's lines; as in an order")
    cancelled: list[dict[str, Any]] = Field(description="units that are not to be sent, while others are")
    returns: list[dict[str, Any]] = Field(description="of this shop's lines; as in an order")
    destination: dict[str, Any] = Field(examples=[{"country": "US", "region": "NY"}])
    address: dict[str, Any] | None = Field(
        description="of the buyer, as in an order, while this shop has something to pack or to deliver; null otherwise"
    )


class ShopOrderList(Listed):
    items: list[ShopOrder]


class InventoryRow(Shape):
    sku: str
    on_hand: int
    committed: int
    held: int = Field(description="in carts and checkouts, until they expire")
    available: int = Field(description="onHand - committed - held; negative while a backorder is open")
    version: int


class InventoryList(Listed):
    items: list[InventoryRow]


class PromotionOut(Versioned):
    """As it was put; what does not restrict it is empty."""

    promotion_id: str = Field(examples=["prm_01KARQ0000ABCDEFGHJKMNPQRS"])
    name: str = Field(examples=["Spring sale"])
    benefit: dict[str, Any] = Field(examples=[{"kind": "percent", "percent": 10}])
    shop_id: str | None
    categories: list[list[str]]
    skus: list[str]
    code: str | None = Field(examples=["SPRING"])
    min_spend: MoneyOut | None
    min_units: int
    countries: list[str]
    group: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    priority: int
    exclusive: bool
    limit: int | None
    limit_per_account: int | None
    ended: bool


class PromotionList(Listed):
    items: list[PromotionOut]


class EventOut(Shape):
    position: str = Field(description="where it stands in the log", examples=["4711"])
    id: str = Field(description="names the event for ever", examples=["ord_01KARQ0000ABCDEFGHJKMNPQRS/3"])
    type: str = Field(examples=["order.paid"])
    stream: str = Field(examples=["ord_01KARQ0000ABCDEFGHJKMNPQRS"])
    version: int = Field(description="of the stream", examples=[3])
    at: datetime
    correlation: str | None = Field(description="what it belongs to, such as an order")
    causation: str | None = Field(description="id of the event that led to it")
    actor: str | None = Field(description="an account, `anonymous`, or a part of Kontor", examples=["system:payments"])
    data: dict[str, Any] | None = Field(description="null for what this version cannot read")


class EventList(Shape):
    items: list[EventOut]
    next: str = Field(description="`after` of the next request", examples=["4711"])
    prev: None


SUBSCRIPTION_ID = Field(examples=["sub_01KARQ0000ABCDEFGHJKMNPQRS"])


class SubscriptionOut(Versioned):
    subscription_id: str = SUBSCRIPTION_ID
    url: str
    types: list[str]
    status: Literal["active", "disabled"]
    reason: Literal["gone"] | None = Field(description="why it is disabled: the receiver answered 410")
    reached: str = Field(description="position up to which it was told, but for what waits", examples=["4711"])
    waiting: int = Field(description="deliveries that failed and will be tried again")
    parked: int = Field(description="deliveries that were given up")


class SubscriptionList(Shape):
    items: list[SubscriptionOut]
    next: None
    prev: None


class PurgeOut(Shape):
    items: list[str] = Field(
        description="keys as in `Surrogate-Key` and `Cache-Tag`", examples=[["prd_01KARQ0000ABCDEFGHJKMNPQRS"]]
    )
    everything: bool = Field(description="the whole cache is to be purged")
    next: str = Field(description="goes into `after` of the next request", examples=["5f0c2d91ab3e.42"])
    prev: None


class DifferenceOut(Versioned):
    difference_id: str = Field(examples=["dif_4ZC3S9NB8XE2V5W6Y7T8R9Q0PA"])
    status: Literal["open", "settled"]
    kind: str = Field(examples=["capture_missing"])
    order_id: str | None
    reference: str | None = Field(description="the provider's id of the charge", examples=["ch_4f2a"])
    ours: MoneyOut = Field(description="what the log says")
    theirs: MoneyOut = Field(description="what the provider says")
    explanation: str = Field(description="what it means and what to do about it")
    note: str | None = Field(description="what a person said of it")
    by: str | None = Field(description="the account that said so; none for what went by itself")
    found_at: datetime
    settled_at: datetime | None


class DifferenceList(Listed):
    items: list[DifferenceOut]


class DifferenceReply(Shape):
    difference_id: str
    status: Literal["open", "settled"]
    version: int
    position: str


class LedgerEntry(Shape):
    """What one movement of money did to a seller's account; less than before is negative."""

    entry_id: str = Field(description="the event that moved the money", examples=["pay_01KARQ0000ABCDEFGHJKMNPQRS/5"])
    order_id: str | None = Field(description="null for a gift card that the shop issues")
    kind: Literal["captured", "refunded", "issued", "redeemed", "dispute_lost", "given", "given_back"]
    goods: MoneyOut = Field(description="without tax, before what the marketplace pays of it")
    shipping: MoneyOut
    fee: MoneyOut = Field(description="the marketplace's commission, taken off")
    gift_card: MoneyOut = Field(description="a gift card that the shop issued and therefore owes, taken off")
    total: MoneyOut
    at: datetime


class ShopLedger(Listed):
    items: list[LedgerEntry]
    due: list[MoneyOut] = Field(description="what the shop is owed in all, by currency")


class LedgerAccount(Versioned):
    account: str = Field(examples=["seller:shp_01KARQ0000ABCDEFGHJKMNPQRS"])
    shop_id: str | None
    debits: MoneyOut
    credits: MoneyOut
    balance: MoneyOut = Field(description="debits less credits")


class LedgerAccountList(Listed):
    items: list[LedgerAccount]
