"""Where ``work --projection processes`` of the full profile keeps its views: in a file of its own data folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from kontor.folder import DataFolder
from kontor.replay.rebuilding import Place, Refused
from kontor.replay.serverlog import opened_servers
from kontor.replay.views import Views, followed_into
from kontor.settings import Settings, log_urls


@contextmanager
def processes(settings: Settings) -> Iterator[Place]:
    """Raises UnusableLog, Refused where that folder is not."""
    urls = log_urls(settings)
    file = DataFolder(settings.data).processes
    if not file.exists():
        raise Refused(
            f"there is no {file}: its views lie where `kontor work --projection processes` runs; run the replay "
            "there, or name its folder with --data"
        )
    with opened_servers(urls) as (log, _), followed_into(file, log) as views, closing(Views(log, views)) as place:
        yield place
