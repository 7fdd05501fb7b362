"""What catalog queries are answered from, and the two lines that put it into an application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from fastapi import FastAPI
from starlette.requests import Request

from readapi.categories import Categories
from readapi.pages import Pages
from readapi.searches import Searches
from readapi.services import ReadServices


@dataclass(frozen=True, slots=True)
class Reading:
    pages: Pages
    searches: Searches
    categories: Categories


def reading(services: ReadServices) -> Reading:
    """Caches in front of the views, told by the follower what changed. Make one per process, and before it starts."""
    made = Reading(
        Pages(services.views, services.clock),
        Searches(services.search, services.indexer),
        Categories(services.views),
    )
    services.follower.applied += [made.pages.applied, made.categories.applied]
    return made


def install(app: FastAPI, made: Reading) -> None:
    app.state.reading = made


def reading_of(request: Request) -> Reading:
    return cast("Reading", request.app.state.reading)
