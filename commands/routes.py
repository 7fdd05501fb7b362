"""Which aggregate decides which command: the whole table."""

from __future__ import annotations

from domain.account import ACCOUNT
from domain.board import BOARD
from domain.cart import CART
from domain.category import CATEGORY
from domain.claim import CLAIM
from domain.decider import Command, Decider
from domain.delivery import DELIVERY
from domain.difference import DIFFERENCE
from domain.giftcard import GIFT_CARD
from domain.inventory import INVENTORY
from domain.ledger import LEDGER
from domain.media import GALLERY
from domain.merchantfeed import MERCHANT_FEEDS
from domain.offer import OFFER
from domain.order import ORDER
from domain.payment import PAYMENT
from domain.product import PRODUCT
from domain.promotion import PROMOTION
from domain.push import PUSH
from domain.review import REVIEWS
from domain.round import ROUND
from domain.rule import RULE
from domain.sellerrating import SELLER_RATINGS
from domain.shop import SHOP
from domain.subscription import SUBSCRIPTIONS
from domain.watch import WATCH
from domain.wishlist import WISHLIST

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
