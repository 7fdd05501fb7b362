"""Which aggregate decides which command: the whole table."""

from __future__ import annotations

from domain.books.difference import DIFFERENCE
from domain.books.ledger import LEDGER
from domain.books.round import ROUND
from domain.buyers.account import ACCOUNT
from domain.buyers.cart import CART
from domain.buyers.reset import RESET
from domain.buyers.watch import WATCH
from domain.buyers.wishlist import WISHLIST
from domain.catalog.category import CATEGORY
from domain.catalog.media import GALLERY
from domain.catalog.product import PRODUCT
from domain.catalog.review import REVIEWS
from domain.catalog.rule import RULE
from domain.claim import CLAIM
from domain.decider import Command, Decider
from domain.inventory.inventory import INVENTORY
from domain.orders.order import ORDER
from domain.outgoing.delivery import DELIVERY
from domain.outgoing.subscription import SUBSCRIPTIONS
from domain.payments.giftcard import GIFT_CARD
from domain.payments.payment import PAYMENT
from domain.pricing.board import BOARD
from domain.pricing.promotion import PROMOTION
from domain.sellers.merchantfeed import MERCHANT_FEEDS
from domain.sellers.offer import OFFER
from domain.sellers.push import PUSH
from domain.sellers.sellerrating import SELLER_RATINGS
from domain.sellers.shop import SHOP

DECIDERS: dict[str, Decider] = {
    "usr": ACCOUNT,
    "brd": BOARD,
    "crt": CART,
    "cat": CATEGORY,
    "clm": CLAIM,
    "dlv": DELIVERY,
    "dif": DIFFERENCE,
    "gft": GIFT_CARD,
    "stk": INVENTORY,
    "led": LEDGER,
    "med": GALLERY,
    "mfd": MERCHANT_FEEDS,
    "off": OFFER,
    "ord": ORDER,
    "pay": PAYMENT,
    "prd": PRODUCT,
    "prm": PROMOTION,
    "psh": PUSH,
    "rst": RESET,
    "rvw": REVIEWS,
    "rnd": ROUND,
    "rul": RULE,
    "shp": SHOP,
    "srt": SELLER_RATINGS,
    "sub": SUBSCRIPTIONS,
    "wch": WATCH,
    "wsl": WISHLIST,
}
"""By the prefix of the stream's id."""


def decider_of(stream: str) -> Decider:
    return DECIDERS[stream[:3]]


def stream_of(command: Command) -> str:
    """A command's first field is the id of the aggregate it addresses."""
    stream: str = getattr(command, command.__struct_fields__[0])
    return stream
