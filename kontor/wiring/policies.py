"""Settings that decide how orders are dealt with, as the domain has them."""

from __future__ import annotations

from typing import Any

from domain.orders.policy import LATER, PARCEL, SHIPMENT, OrderPolicy
from kontor.settings import Settings
from projections.search.ranking import Weights
from writeapi.accounts.secondfactor import Rules
from writeapi.merchants.uploads import Limits

HOUR_MS = 3_600_000


def order_policy(settings: Settings) -> OrderPolicy:
    hours = int(settings.capture) if settings.capture.isdecimal() else 0
    return OrderPolicy(
        capture=LATER if hours else settings.capture if settings.capture in (SHIPMENT, PARCEL) else "",
        capture_after=hours * HOUR_MS,
        review_above=settings.review_above,
        review_countries=tuple(filter(None, settings.review_countries.split(","))),
        review_within=settings.review_hours * HOUR_MS,
    )


def write_rules(settings: Settings) -> dict[str, Any]:
    """What the command service goes by that settings alone decide, by the names of ``WriteServices``."""
    return {
        "return_days": settings.return_days,
        "webhooks_private": settings.webhooks_private,
        "uploads": upload_limits(settings),
        "policy": order_policy(settings),
        "second_factors": Rules(settings.storefront_name, settings.admin_second_factor),
    }


def search_weights(settings: Settings) -> Weights:
    return Weights(
        popularity=settings.rank_popularity,
        conversion=settings.rank_conversion,
        rating=settings.rank_rating,
        availability=settings.rank_availability,
        margin=settings.rank_margin,
        likeness=settings.rank_likeness,
    )


def upload_limits(settings: Settings) -> Limits:
    return Limits(settings.uploads_max, settings.uploads_bytes_max)
