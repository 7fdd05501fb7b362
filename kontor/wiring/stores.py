"""Which projections are kept where, in either profile."""

from __future__ import annotations

from projections.carts.projector import CARTS
from projections.catalog.projector import CATALOG
from projections.categories.projector import CATEGORIES
from projections.checkouts.projector import CHECKOUTS
from projections.differences.projector import DIFFERENCES
from projections.disputes.projector import DISPUTES
from projections.erasures.projector import ERASURES
from projections.giftcards.projector import GIFT_CARDS
from projections.ledger.projector import LEDGER
from projections.merchantfeeds.projector import MERCHANT_FEEDS
from projections.orderreviews.projector import ORDER_REVIEWS
from projections.orders.projector import ORDERS
from projections.promotions.projector import PROMOTIONS
from projections.purchases.projector import PURCHASES
from projections.refusals.projector import REFUSALS
from projections.reviews.projector import RATINGS, REVIEWS
from projections.rules.projector import RULES
from projections.sellerratings.projector import GIVEN_RATINGS, SELLER_RATINGS
from projections.shops.projector import SHOPS
from projections.stock.projector import STOCK
from projections.wishlists.projector import WISHLISTS

_SOLD = (CATALOG, CATEGORIES, STOCK, CARTS, SHOPS, PROMOTIONS, RULES, GIFT_CARDS)
IN_REDIS = (*_SOLD, DIFFERENCES, WISHLISTS, RATINGS, SELLER_RATINGS, MERCHANT_FEEDS)
IN_CASSANDRA = (ORDERS, LEDGER, REVIEWS, GIVEN_RATINGS, PURCHASES, ORDER_REVIEWS, DISPUTES, REFUSALS)
"""With everything that grows with the orders, so that no order leaves anything in Redis."""
OF_PROCESSES = (CHECKOUTS, STOCK, ERASURES, MERCHANT_FEEDS)

PROJECTIONS = (
    CATALOG,
    CATEGORIES,
    STOCK,
    CARTS,
    ORDERS,
    CHECKOUTS,
    SHOPS,
    PROMOTIONS,
    RULES,
    GIFT_CARDS,
    ERASURES,
    DIFFERENCES,
    DISPUTES,
    REFUSALS,
    LEDGER,
    ORDER_REVIEWS,
    WISHLISTS,
    RATINGS,
    SELLER_RATINGS,
    GIVEN_RATINGS,
    REVIEWS,
    PURCHASES,
    MERCHANT_FEEDS,
)
"""All of them, in the embedded profile's file."""
