"""For whom a page is: where things are to go, and which customer groups ask.

Pages are kept as everybody sees them. Of the few products that are not the same to all, because a seller does not ship
everywhere or has prices for groups, the rows are kept beside, and the page is made of them for whoever asks.
"""

from __future__ import annotations

from typing import NamedTuple

from domain.pricing.shipping import EVERYWHERE, serves
from streams.indexing.assembly import OnSale, recommended


class Audience(NamedTuple):
    country: str = ""
    """Of ISO 3166; empty for anywhere."""
    groups: tuple[str, ...] = ()


EVERYBODY = Audience()


def is_special(one: OnSale) -> bool:
    """Whether some may see another best offer than others."""
    return any(
        EVERYWHERE not in seller.offer.terms.ships_to or any(price.group for price in seller.offer.terms.prices)
        for seller in one.offers
    )


def seen_by(one: OnSale, audience: Audience, at: int) -> OnSale:
    """At the prices of this instant (ms), until which what is known of stock has to hold; the best for this audience
    first, and those who do not ship there apart."""
    country = audience.country
    sellers = recommended(seller._replace(at=at, groups=audience.groups) for seller in one.sellers)
    goes = [not country or serves(seller.offer.terms.ships_to, country) for seller in sellers]
    there, elsewhere = (
        [seller for seller, does in zip(sellers, goes, strict=True) if does is wanted] for wanted in (True, False)
    )
    return one._replace(sellers=there, elsewhere=elsewhere)
