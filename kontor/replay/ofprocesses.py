"""Where ``work --projection processes`` of the full profile keeps its views: in a file of its own data folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from commands.store.server import Server
from kontor.folder import DataFolder
from kontor.replay.rebuilding import Place, Refused
from kontor.replay.serverlog import ServerLog
from kontor.replay.views import Views, followed_into
from kontor.settings import Settings, require_one_log, required


@contextmanager
def processes(settings: Settings) -> Iterator[Place]:
    """Raises UnusableLog, Refused where that folder is not."""
    require_one_log(settings)
    (postgres_url,) = required(settings, "postgres_url")
    file = DataFolder(settings.data).processes
    if not file.exists():
        raise Refused(
            f"there is no {file}: its views lie where `kontor work --projection processes` runs; run the replay "
            "there, or name its folder with --data"
        )
    server = Server.at(postgres_url)
    with server.connect() as connection:
        log = ServerLog(connection, server)
        with followed_into(file, log) as views, closing(Views(log, views)) as place:
            yield place
