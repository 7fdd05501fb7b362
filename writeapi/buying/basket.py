"""The cart as the command service knows it: from the aggregates themselves, with the goods behind its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from commands.aggregates import Aggregate
from commands.batch import Outcome
from domain.buyers.account import ActiveAccount
from domain.buyers.cart import CartLine, MergedCart, OpenCart
from domain.catalog.product import ActiveProduct, DiscontinuedProduct, Product, is_sold
from domain.claim import Claim
from domain.errors import IllegalTransition, Invalid, NoLongerOffered, NotFound, OutOfStock
from domain.ids import claim_id, offer_id, stock_id
from domain.inventory.inventory import EMPTY, InventoryItem
from domain.pricing.serviceability import Wares, place_of
from domain.sellers.offer import LiveOffer, NoOffer, price_at
from projections.catalog.projector import split_offer
from readapi.edge.ids import is_id, require_id
from readapi.shown.carts import Bound, Goods, Stamps, cart_json
from streams.indexing.assembly import preference
from writeapi.changes import changed_by
from writeapi.services import Quoting, WriteServices


class Wanted(NamedTuple):
    """What somebody puts into a cart, found and priced."""

    shop_id: str
    sku: str
    offer: LiveOffer
    stock: InventoryItem


async def open_cart(services: WriteServices, cart_id: str | None) -> OpenCart:
    """Raises NotFound for a cart that does not exist and IllegalTransition for one that was merged."""
    state = None if cart_id is None else await services.engine.state(cart_id)
    if isinstance(state, OpenCart):
        return state
    if isinstance(state, MergedCart):
        raise IllegalTransition("this cart was merged into its owner's cart at login")
    raise NotFound("no such cart", pointer="/cartId")


async def _goods_by_line(services: WriteServices, lines: Sequence[CartLine]) -> dict[tuple[str, str], Goods]:
    goods = {}
    for line in lines:
        found = await goods_at(services, line.shop_id, line.sku)
        goods[line.shop_id, line.sku] = _as_sold(found, line.product_id, await services.engine.state(line.product_id))
    return goods


def _as_sold(found: Goods, product_id: str, product: Product | None) -> Goods:
    """With its wares; without an offer where the product is not on sale any more."""
    if not isinstance(product, ActiveProduct) or not is_sold(product):
        return found._replace(offer=NoOffer())
    return found._replace(wares=Wares(product_id, product.category, product.brand))


async def goods_at(services: Quoting, shop_id: str, sku: str) -> Goods:
    engine = services.engine
    return Goods(await engine.state(offer_id(shop_id, sku)), await engine.state(stock_id(shop_id, sku)))


async def groups_of(services: WriteServices, account_id: str) -> tuple[str, ...]:
    """The customer groups whose prices somebody gets; ``account_id`` is empty for a visitor."""
    account = await services.engine.state(account_id) if account_id else None
    return account.groups if isinstance(account, ActiveAccount) else ()


@dataclass(frozen=True, slots=True)
class Showing:
    """All that a cart is shown with, looked up before a command to it is decided: its answer can be kept along."""

    goods: dict[tuple[str, str], Goods]
    groups: tuple[str, ...]
    bound: Bound | None
    changed_at: int
    """When the cart was changed last before, in milliseconds."""

    def body(self, services: WriteServices, outcome: Outcome) -> dict[str, object]:
        """The cart as GET /api/cart would show it, without waiting for the view."""
        now, at = services.clock(), outcome.position
        cart = outcome.state if isinstance(outcome.state, OpenCart) else OpenCart()

        def lookup(shop_id: str, sku: str) -> Goods:
            return self.goods.get((shop_id, sku)) or goods_known(services, shop_id, sku)

        stamps = Stamps(outcome.version, cart.opened_at or now, changed_by(outcome) or self.changed_at or now)
        groups, bound = self.groups, self.bound
        return cart_json(outcome.stream, cart, stamps, lookup, now=now, position=at, groups=groups, bound=bound)


async def showing(services: WriteServices, lines: Sequence[CartLine], account_id: str, changed_at: int = 0) -> Showing:
    groups = await groups_of(services, account_id)
    bound = await _bound(services, account_id) if lines else None
    return Showing(await _goods_by_line(services, lines), groups, bound, changed_at)


def goods_known(services: WriteServices, shop_id: str, sku: str) -> Goods:
    """Of a line that somebody put into the same cart in the same moment: who did has just looked its goods up."""
    peek = services.engine.peek
    offer, stock = peek(offer_id(shop_id, sku)), peek(stock_id(shop_id, sku))
    product = peek(offer.product_id) if isinstance(offer, LiveOffer) else None
    found = Goods(offer or NoOffer(), stock or EMPTY)
    return _as_sold(found, offer.product_id if isinstance(offer, LiveOffer) else "", product)


async def cart_body(
    services: WriteServices, cart_id: str, aggregate: Aggregate, changed_at: int, position: int
) -> dict[str, object]:
    """The cart as GET /api/cart would show it, without waiting for the view. ``changed_at`` in milliseconds."""
    cart = aggregate.state if isinstance(aggregate.state, OpenCart) else OpenCart()
    shown = await showing(services, cart.lines, cart.account_id, changed_at)
    return shown.body(services, Outcome(cart_id, aggregate.version, position, cart, []))


async def _bound(services: WriteServices, account_id: str) -> Bound | None:
    account = await services.engine.state(account_id) if account_id else None
    if not isinstance(account, ActiveAccount) or not account.addresses:
        return None
    newest = list(account.addresses.values())[-1]
    return Bound(place_of(newest.country, newest.region, services.tax), await services.restrictions.now())


async def find_wanted(services: WriteServices, sku: str | None, product_id: str | None, shop_id: str | None) -> Wanted:
    """Resolves what a client named: a SKU, or a product with one SKU; of a shop, or of whoever sells it best."""
    found = await _wanted(services, sku if sku is not None else await only_sku(services, product_id), shop_id)
    if product_id is not None and found.offer.product_id != product_id:
        raise Invalid("the SKU is another product's; name one of the two", "/productId")
    return found


async def _wanted(services: WriteServices, sku: str, shop_id: str | None) -> Wanted:
    if shop_id is not None:
        # Only a shop's: an offer's stream is named by shop and SKU together, and another boundary would name it too.
        goods = await goods_at(services, shop_id, sku) if is_id("shop", shop_id) else None
        if goods is not None and isinstance(goods.offer, LiveOffer):
            await require_sold(services, goods.offer.product_id)
            return Wanted(shop_id, sku, goods.offer, goods.stock)
        raise NotFound("this shop does not offer this SKU", pointer="/shopId")
    owner: Claim = await services.engine.state(claim_id("sku", sku))
    if not owner.owner:
        raise NotFound("no such SKU", pointer="/sku")
    await require_sold(services, owner.owner)
    return await best_offer_of(services, owner.owner, sku)


async def only_sku(services: WriteServices, product_id: str | None) -> str:
    if product_id is None:
        raise Invalid("name a sku or a productId", "/sku")
    product = await services.engine.state(require_id("product", product_id, "product"))
    if not isinstance(product, ActiveProduct | DiscontinuedProduct):
        raise NotFound("no such product", pointer="/productId")
    if len(product.skus) > 1:
        raise Invalid("this product has several SKUs: name one", "/sku")
    return product.skus[0]


async def require_sold(services: WriteServices, product_id: str) -> None:
    """Raises IllegalTransition, or NotFound for a draft, which is its owner's business."""
    state = await services.engine.state(product_id)
    if isinstance(state, DiscontinuedProduct):
        raise IllegalTransition("this product is discontinued")
    if isinstance(state, ActiveProduct) and state.draft:
        raise NotFound("no such product")


async def best_offer_of(services: WriteServices, product_id: str, sku: str) -> Wanted:
    """The cheapest offer that is in stock; if none is, the cheapest (``streams.indexing.assembly.preference``)."""
    now = services.clock()
    ranked: list[tuple[Any, Wanted]] = []
    for offer in await services.sellers(product_id, sku):
        shop_id, _ = split_offer(offer)
        goods = await goods_at(services, shop_id, sku)
        if isinstance(goods.offer, LiveOffer):
            in_stock = goods.stock.available(now) > 0 or goods.offer.terms.backorder
            rank = preference(in_stock, price_at(goods.offer.terms, now).price, shop_id, sku)
            ranked.append((rank, Wanted(shop_id, sku, goods.offer, goods.stock)))
    if not ranked:
        raise NotFound("nobody offers this SKU at present", pointer="/sku")
    return min(ranked, key=lambda entry: entry[0])[1]


def require_units(cart_id: str, wanted: Wanted, quantity: int, now: int) -> None:
    """Raises OutOfStock or Invalid when the cart may not hold ``quantity`` of this; the order's hold decides anew."""
    terms = wanted.offer.terms
    if terms.limit_per_account is not None and quantity > terms.limit_per_account:
        raise Invalid(f"at most {terms.limit_per_account} per customer", "/quantity")
    own = wanted.stock.holds.get(cart_id)
    available = wanted.stock.available(now) + (own.quantity if own is not None and own.expires_at > now else 0)
    if not terms.backorder and available < quantity:
        raise OutOfStock(wanted.sku, quantity, max(available, 0))


def still_offered(goods: Goods, line: CartLine, product: Product) -> LiveOffer:
    """Raises NoLongerOffered for a line whose seller withdrew it, and for a product that is not on sale any more."""
    if isinstance(goods.offer, NoOffer) or not is_sold(product):
        raise NoLongerOffered(line.sku, line.quantity)
    assert isinstance(goods.offer, LiveOffer)
    return goods.offer
