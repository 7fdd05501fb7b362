"""Merchants' feeds, wired: the worker that runs them, and what the operator allows."""

from __future__ import annotations

from collections.abc import Callable

from commands.engine import Engine
from commands.vault import Vault
from kontor.folder import DataFolder
from kontor.settings import Settings
from kontor.wiring.objects import objects_of
from projections.views import Views
from streams.merchantfeeds.process import FeedProcess
from streams.merchantfeeds.sources import Rules
from writeapi.merchants.loading import RowLoader


def feed_rules(settings: Settings) -> Rules:
    return Rules(settings.feeds_private, settings.feeds_folder)


def feed_process(
    settings: Settings, engine: Engine, vault: Vault, views: Views, backlog: Callable[[], int] = lambda: 0
) -> FeedProcess:
    """``backlog`` is how many products search is behind, where this process fills it."""
    loader = RowLoader(engine, engine.clock, backlog)
    folder = DataFolder(settings.data).feeds
    return FeedProcess(engine, views, loader, objects_of(settings, vault), folder, feed_rules(settings))
