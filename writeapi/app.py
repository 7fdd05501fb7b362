"""The command service as an application."""

from __future__ import annotations

from fastapi import FastAPI

from readapi.app import ROUTERS as READ_ROUTERS
from readapi.app import application
from readapi.edge.schemas import know_countries
from readapi.edge.state import EdgeState
from readapi.routes import operations
from readapi.routes import subscriptions as subscribed
from writeapi import requests
from writeapi.routes import (
    auth,
    cancellations,
    carts,
    categories,
    differences,
    drops,
    emailchanges,
    emailconfirmations,
    giftcards,
    inventory,
    me,
    merchantfeeds,
    offers,
    orderreviews,
    orders,
    password,
    passwordresets,
    pictures,
    products,
    promotions,
    pushes,
    ready,
    refunds,
    returns,
    reviews,
    rules,
    secondfactor,
    sellerratings,
    sessions,
    shipments,
    shops,
    signals,
    slices,
    subscriptions,
    webhooks,
    wishlist,
)
from writeapi.services import WriteServices

ROUTERS = (
    auth.router,
    me.router,
    password.router,
    passwordresets.router,
    sessions.router,
    secondfactor.router,
    emailchanges.router,
    emailconfirmations.router,
    shops.router,
    products.router,
    pictures.router,
    categories.router,
    offers.router,
    drops.router,
    inventory.router,
    merchantfeeds.router,
    pushes.router,
    carts.router,
    reviews.router,
    sellerratings.router,
    wishlist.router,
    signals.router,
    promotions.router,
    giftcards.router,
    rules.router,
    orders.router,
    cancellations.router,
    returns.router,
    refunds.router,
    shipments.router,
    orderreviews.router,
    subscriptions.router,
    differences.router,
    slices.router,
    webhooks.router,
)


def create_app(services: WriteServices, edge: EdgeState) -> FastAPI:
    """The command service alone, which also shows subscriptions: who subscribes to events may know of no other."""
    know_countries(services.countries)
    own = (*ROUTERS, subscribed.router, operations.router, ready.router)
    return application("Kontor command service", services, edge, own, requests.install)


def create_both(services: WriteServices, edge: EdgeState) -> FastAPI:
    """Both services on one port."""
    know_countries(services.countries)
    return application("Kontor", services, edge, (*ROUTERS, *READ_ROUTERS), requests.install)
