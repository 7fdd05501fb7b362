"""The query service as an application: routes, edge, document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp

from readapi import reading
from readapi.edge import dispatch, middleware, openapi
from readapi.edge.state import EdgeSettings, EdgeState, edge_state
from readapi.routes import (
    admin,
    carts,
    categories,
    deliveries,
    differences,
    discovery,
    disputes,
    drafts,
    drops,
    events,
    feed,
    giftcards,
    ledger,
    marketplace,
    me,
    merchantfeeds,
    offers,
    operations,
    orderreviews,
    orders,
    pictures,
    products,
    promotions,
    purges,
    refusals,
    reviews,
    rules,
    secondfactor,
    sessions,
    shopoffers,
    shoporders,
    shops,
    signals,
    streams,
    subscriptions,
    wishlist,
)
from readapi.services import ReadServices

VERSION = "0.1.0"
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}
"""FastAPI's own would ask for a provider at every request; the edge measures and traces."""
TAGS = [
    {"name": "catalog", "description": "Products, offers and categories; no sign-in needed."},
    {"name": "carts", "description": "Of a signed-in user, or anonymous with a Cart-Token."},
    {"name": "checkout", "description": "Quotes and orders."},
    {"name": "orders", "description": "History and timelines."},
    {"name": "after-sale", "description": "Cancellation by line, returns and refunds."},
    {"name": "discovery", "description": "Wishlists, reviews, and what else might please."},
    {"name": "accounts", "description": "Sign-in, addresses, payment methods."},
    {"name": "merchants", "description": "Shops, products, offers and stock."},
    {"name": "drops", "description": "Goods that more people want than there are: a line, places by lot, admissions."},
    {"name": "promotions", "description": "Discounts and coupons, and whom they are for."},
    {"name": "search rules", "description": "What merchandisers tell search, heeded within a second."},
    {"name": "gift cards", "description": "Issued, looked up by their codes, and disabled."},
    {"name": "webhooks", "description": "Events told to others, and what payment providers tell."},
    {"name": "operations", "description": "Health, metrics and the feed of events."},
    {"name": "money", "description": "Where the money is, and where the payment provider says otherwise."},
]
ROUTERS = (
    products.router,
    categories.router,
    deliveries.router,
    pictures.router,
    shops.router,
    shoporders.router,
    shopoffers.router,
    drafts.router,
    merchantfeeds.router,
    offers.router,
    drops.router,
    promotions.router,
    giftcards.router,
    rules.router,
    carts.router,
    orders.router,
    me.router,
    sessions.router,
    secondfactor.router,
    reviews.router,
    discovery.router,
    feed.router,
    signals.router,
    wishlist.router,
    events.router,
    streams.router,
    purges.router,
    subscriptions.router,
    admin.router,
    marketplace.router,
    differences.router,
    disputes.router,
    refusals.router,
    ledger.router,
    operations.router,
    orderreviews.router,
    operations.ready,
)


class Application(FastAPI):
    """Without the framework's error page, telemetry and limit of bodies: the edge does all three, and each would cost
    every request."""

    def build_middleware_stack(self) -> ASGIApp:
        own, self.user_middleware = self.user_middleware, []
        stack: Any = super().build_middleware_stack()
        self.user_middleware = own
        while not isinstance(stack, ExceptionMiddleware):
            stack = stack.app
        for ours, arguments, options in reversed(own):
            stack = ours(stack, *arguments, **options)
        return stack  # type: ignore[no-any-return]  # an application, whatever the last middleware made of it


def edge_for(services: ReadServices, settings: EdgeSettings) -> EdgeState:
    secrets = services.vault.secrets
    return edge_state(
        settings,
        jwt_key=secrets.jwt_key,
        cart_key=secrets.cart_key,
        cursor_key=secrets.cursor_key,
        revoked=services.vault.family_revoked,
        limiter=services.limiter,
    )


def application(
    title: str,
    services: ReadServices,
    edge: EdgeState,
    routers: Sequence[APIRouter],
    within: Callable[[FastAPI], None] | None = None,
) -> FastAPI:
    """A service with these routes behind the edge. ``within`` adds what nobody meets whom the edge refuses."""
    app = Application(title=title, version=VERSION, openapi_url=None, redirect_slashes=False, telemetry=NO_TELEMETRY)
    app.state.services = services
    reading.install(app, reading.reading(services))
    dispatch.install(app, routers)
    openapi.install(app, tags=TAGS)
    if within is not None:
        within(app)
    middleware.install(app, edge)
    return app


def create_app(services: ReadServices, edge: EdgeState) -> FastAPI:
    return application("Kontor query service", services, edge, ROUTERS)
