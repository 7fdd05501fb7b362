"""What catalog queries are answered from, and the two lines that put it into an application."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from fastapi import FastAPI
from starlette.requests import Request

from readapi.categories import Categories
from readapi.destination import Destinations
from readapi.lastgood import LastGood
from readapi.merchandising import Merchandising
from readapi.pages import Pages
from readapi.searches import Searches
from readapi.sellernames import SellerNames
from readapi.services import ReadServices
from readapi.standins import StandIn
from streams.affinities import Affinities
from streams.feeds import Feeds

if TYPE_CHECKING:  # the embedded profile has no Redis client
    from projections.redisviews.notice import Notice
    from streams.noticing import Noticing


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


def reading(services: ReadServices) -> Reading:
    """Caches in front of the views, told by the follower what changed. Make one per process, and before it starts."""
    affinities = Affinities(services.views, services.clock, lambda: services.history.position)
    made = Reading(
        Pages(services.views, services.clock),
        Searches(services.search, services.indexer),
        Categories(services.views),
        LastGood(services.last_pages, services.clock),
        StandIn(services.catalog, services.indexer, services.log),
        affinities,
        Feeds(
            services.views,
            affinities,
            services.clock,
            lambda: min(services.history.position, services.follower.position),
        ),
        Merchandising(services.views, services.weights, lambda: services.follower.position),
        Destinations(services.log, services.clock, services.tax),
        SellerNames(services.views, services.clock),
    )
    services.follower.applied += [made.pages.applied, made.categories.applied, made.merchandising.applied]
    services.follower.exchanged += [made.pages.clear, made.categories.clear, made.merchandising.clear]
    return made


TOLD: Mapping[str, Collection[str]] = {
    "products": (),
    "offers": ("product",),
    "stock": (),
    "shops": (),
    "ratings": (),
    "media": (),
    "categories": (),
}
"""What the caches need to hear of, for the sink that publishes notices: tables, and indexes whose owners are told."""


def hear(pages: Pages, categories: Categories, noticing: Noticing) -> None:
    """Lets notices of other processes drop what is cached, where the views are filled by workers."""

    def changed(notice: Notice) -> None:
        if notice.touched:
            pages.changed(notice.touched, notice.owners.get("offers.product", ()))
            categories.changed(notice.touched)

    noticing.changed.append(changed)
    noticing.missed += [pages.clear, categories.clear]


def install(app: FastAPI, made: Reading) -> None:
    app.state.reading = made


def reading_of(request: Request) -> Reading:
    return cast("Reading", request.app.state.reading)
