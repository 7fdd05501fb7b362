"""What the query service works with; built by the composition root and found at ``request.app.state.services``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from commands.store.port import EventLog
from commands.vault import Vault
from domain.shipping import ShippingTable
from domain.tax import TaxTable
from projections.search.port import SearchIndex
from projections.views import Views
from streams.follower import Follower
from streams.indexer import Indexer


@dataclass(slots=True)
class ReadServices:
    log: EventLog
    views: Views
    follower: Follower
    search: SearchIndex
    indexer: Indexer
    vault: Vault
    tax: TaxTable
    shipping: ShippingTable
    countries: dict[str, Any]
    clock: Callable[[], int]
    """Milliseconds since 1970."""
