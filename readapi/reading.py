"""What catalog queries are answered from, and the two lines that put it into an application."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from fastapi import FastAPI
from starlette.requests import Request

from readapi.caching.categorypages import CategoryPages
from readapi.caching.pages import Pages
from readapi.caching.popularsearches import PopularSearches, finding
from readapi.caching.purges import Purges
from readapi.caching.searches import Searches
from readapi.fallback.lastgood import LastGood
from readapi.fallback.standins import StandIn
from readapi.merchandising import Merchandising
from readapi.services import Counted, ReadServices
from readapi.shown.categories import Categories
from readapi.shown.categorytitles import CategoryTitles
from readapi.shown.destination import Destinations
from readapi.shown.sellernames import SellerNames
from streams.discovery.affinities import Affinities
from streams.discovery.feeds import Feeds

if TYPE_CHECKING:  # the embedded profile has no Redis client
    from projections.redisviews.notice import Notice
    from streams.views.noticing import Noticing


@dataclass(frozen=True, slots=True)
class Reading:
    pages: Pages
    searches: Searches
    categories: Categories
    last_good: LastGood
    stand_in: StandIn
    affinities: Affinities
    feeds: Feeds
    merchandising: Merchandising
    destinations: Destinations
    seller_names: SellerNames
    category_titles: CategoryTitles
    popular_searches: PopularSearches
    purges: Purges
    category_pages: CategoryPages = field(default_factory=CategoryPages)

    @property
    def caches(self) -> Mapping[str, Sequence[Counted]]:
        """By the name under which they are counted together."""
        return {
            "products": (self.pages,),
            "category_pages": (self.category_pages,),
            "categories": (self.categories,),
            "category_titles": (self.category_titles,),
            **{name: (cache,) for name, cache in self.searches.caches.items()},
            "affinities": self.affinities.remembered,
            "feeds": (self.feeds.remembered,),
            "destinations": (self.destinations,),
            "seller_names": (self.seller_names,),
            "stand_ins": self.stand_in.caches,
            "last_pages": (self.last_good,),
        }


def reading(services: ReadServices) -> Reading:
    """Caches in front of the views, told by the follower what changed. Make one per process, and before it starts."""

    def reached() -> int:
        """By purchases, wishes and products together."""
        return min(services.history.position, services.follower.position)

    affinities = Affinities(services.views, services.clock, reached)
    searches = Searches(services.search, services.indexer)
    merchandising = Merchandising(services.views, services.weights, services.follower)
    made = Reading(
        Pages(services.views, services.clock),
        searches,
        Categories(services.views),
        LastGood(services.last_pages, services.clock),
        StandIn(services.catalog, services.indexer, services.log, services.clock),
        affinities,
        Feeds(services.views, affinities, services.clock, reached),
        merchandising,
        Destinations(services.log, services.clock, services.tax),
        SellerNames(services.views, services.clock),
        CategoryTitles(services.views),
        PopularSearches(services.signals, finding(searches, merchandising), services.clock),
        Purges(services.views, services.clock, secrets.token_hex(6)),
    )
    hearing = (made.pages, made.categories, made.category_titles, made.merchandising, made.purges)
    services.follower.applied += [one.applied for one in hearing]
    services.follower.exchanged += [one.clear for one in hearing]
    return made


TOLD: Mapping[str, Collection[str]] = {
    "products": (),
    "offers": ("product",),
    "stock": (),
    "shops": (),
    "ratings": (),
    "seller_ratings": (),
    "media": (),
    "categories": (),
}
"""What the caches need to hear of, for the sink that publishes notices: tables, and indexes whose owners are told."""


def hear(shown: Sequence[Pages | Purges], named: Sequence[Categories | CategoryTitles], noticing: Noticing) -> None:
    """Lets notices of other processes drop what is cached, where the views are filled by workers."""

    def changed(notice: Notice) -> None:
        if notice.touched:
            offered = notice.owners.get("offers.product", ())
            for one in shown:
                one.changed(notice.touched, offered)
            for other in named:
                other.changed(notice.touched)

    noticing.changed.append(changed)
    noticing.missed += [one.clear for one in (*shown, *named)]


def install(app: FastAPI, made: Reading) -> None:
    app.state.reading = made


def reading_of(request: Request) -> Reading:
    return cast("Reading", request.app.state.reading)
