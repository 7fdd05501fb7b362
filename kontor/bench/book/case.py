"""A benchmark as ``kontor bench all`` runs it. Targets are those that its lines name themselves, where they do."""

from __future__ import annotations

from typing import Any, NamedTuple

from kontor.bench.book.figures import Figure

EVERY_SERVER = (
    "KONTOR_POSTGRES_URL",
    "KONTOR_KAFKA",
    "KONTOR_REDIS_URL",
    "KONTOR_ELASTICSEARCH_URL",
    "KONTOR_CASSANDRA",
)
DISK = "SQLite, WAL, synchronous=FULL"
NONE = "nothing is written"
SERVERS = "as the servers are set, above"
CATALOG, ORDERS = "catalog", "orders"


class Case(NamedTuple):
    """A benchmark with its options."""

    bench: str
    figures: tuple[Figure, ...]
    durability: str
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    """Variables that name the servers; left out where one is not set."""
    file: str = ""
    """Option of ``bench all`` that names the file to read: ``--catalog`` or ``--orders``."""
    small: tuple[str, ...] = ()
    """Options that make it short, to try the whole; what it then says is worth little."""
    minutes: float = 10
    """After so many it has failed."""

    @property
    def name(self) -> str:
        return " ".join((self.bench, *self.options))


def beside(says: str, key: str, unit: str, **more: Any) -> Figure:
    """A figure whose target is a share of its limit."""
    return Figure(says, key, unit, target="target_ratio", of_ratio=True, **more)


PAGES = (
    beside(
        "cached product pages, beside an empty route",
        "page_per_s",
        "/s",
        limit="empty_per_s",
        ratio="ratio",
    ),
    Figure("a cached page, 64 connections, p99", "page_p99_ms", "ms", less=True, target="target_page_p99_ms"),
)
"""Of either profile."""


def _beside_one(what: str, key: str, alone: str, target: str = "target_p99_ms") -> Figure:
    """What many wait, beside what one client waits."""
    return Figure(f"{what}, p99, beside one client", key, "ms", less=True, target=target, limit=alone, ours=True)


_SEARCHES = (
    _beside_one("searches with facets, 32 connections", "fresh_p99_ms", "alone_p99_ms"),
    _beside_one("the same as shoppers repeat them", "usual_p99_ms", "alone_p99_ms"),
    Figure("the same, most remembered and one in ten new, p99", "usual_warm_p99_ms", "ms", less=True),
    _beside_one("type-ahead, 32 connections", "suggest_p99_ms", "suggest_alone_p99_ms", "target_suggest_p99_ms"),
    Figure("products loaded", "load_per_s", "/s"),
    Figure("memory of the service", "service_mb", "MB", less=True),
)
"""Of either profile."""


def _alone(what: str, key: str) -> tuple[Figure, ...]:
    """What finds things, with nothing around it."""
    return (
        Figure(f"{what}, 32 callers, p99", f"{key}_p99_ms", "ms", less=True),
        Figure(f"{what}, 32 callers", f"{key}_per_s", "/s"),
    )


SEARCHES_EMBEDDED = _SEARCHES + _alone("the index's engine alone", "engine")
SEARCHES_FULL = _SEARCHES + _alone("the same requests straight to Elasticsearch", "straight")


def _first_shown(where: str, key: str, **more: Any) -> tuple[Figure, ...]:
    return tuple(
        Figure(f"a new price, acknowledged to {where}, p{share}", f"{key}_p{share}_ms", "ms", less=True, **more)
        for share in (50, 99)
    )


PRICES = (
    *_first_shown("shown on the product's page", "page", target="target_p99_ms"),
    *_first_shown("shown in a list", "list", target="target_p99_ms"),
    *_first_shown("found by it", "found"),
)
"""Of either profile."""
