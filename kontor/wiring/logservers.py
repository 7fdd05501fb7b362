"""The event log of the full profile and the engine that writes it; several of both where several are named."""

from __future__ import annotations

from collections.abc import Callable

from commands.engine import Engine
from commands.logs.engines import Engines
from commands.logs.member import require_alone
from commands.logs.served import FollowedServedLogs, NamedLog, ServedLogs, open_served
from commands.store.postgres import PostgresLog
from kontor.settings import Settings, log_urls


def open_log(settings: Settings, clock: Callable[[], int]) -> tuple[NamedLog, Engine]:
    """Raises UnusableLog."""
    cached = settings.aggregates_cached_max
    urls = log_urls(settings)
    if len(urls) == 1:
        log = _alone(*urls)
        return log, Engine(log, aggregates_max=cached, clock=clock)
    several = ServedLogs(*open_served(urls, clock()))
    return several, Engines(several, aggregates_max=max(1, cached // len(urls)), clock=clock)


def open_to_follow(settings: Settings, clock: Callable[[], int]) -> NamedLog:
    """For whoever only goes along with what others write. Raises UnusableLog."""
    urls = log_urls(settings)
    return _alone(*urls) if len(urls) == 1 else FollowedServedLogs(*open_served(urls, clock()))


def _alone(url: str) -> PostgresLog:
    log = PostgresLog.open(url)
    require_alone(log.server)
    return log
