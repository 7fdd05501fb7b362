"""``kontor replay``: which projections are meant, and what its refusals come to."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from commands.errors import UnusableLog
from kontor import console
from kontor.evidence import Damaged
from kontor.folder import DataFolder
from kontor.replay.telling import Telling
from kontor.replay.views import Refused, Views, opened
from kontor.settings import Settings
from projections.generations import BadGeneration
from projections.projector import Projection
from projections.search.lock import FolderLock
from projections.sqlitetable import Busy


class Wishes(NamedTuple):
    from_scratch: bool = False
    verify: bool = False
    rollback: bool = False
    upto: str | None = None


def run_replay(name: str, wishes: Wishes, settings: Settings, as_json: bool) -> None:
    """Exit 1 when nothing was swapped, 2 for wishes that make no sense."""
    _check(wishes)
    tell = Telling(as_json)
    try:
        _replay(name, wishes, settings, tell)
    except (Refused, UnusableLog, Damaged) as error:
        console.fail(str(error))
    except BadGeneration as error:
        console.fail(f"{error}; `kontor replay {name} --from-scratch` begins anew")
    except Busy:
        console.fail("somebody else kept the views' file to himself; try again, it goes on where it was")
    except sqlite3.Error as error:
        console.fail(f"the views' file cannot be used: {error}")
    except KeyboardInterrupt:
        console.fail(f"interrupted; `kontor replay {name}` goes on where it was", 130)


def _check(wishes: Wishes) -> None:
    if wishes.rollback and (wishes.from_scratch or wishes.verify or wishes.upto is not None):
        console.fail("--rollback goes back to what is kept; it goes with no other option", 2)


def _replay(name: str, wishes: Wishes, settings: Settings, tell: Telling) -> None:
    chosen = _chosen(name, settings)
    folder = DataFolder(settings.data)
    folder.require_log()
    lock = FolderLock(folder.replay)
    if not lock.acquire():
        raise Refused("another replay is at work in this folder; wait until it ends")
    try:
        with opened(folder) as (log, connection):
            views = Views(log, connection, tell)
            if wishes.rollback:
                views.roll_back(chosen)
                return
            for projection in chosen:
                views.replay(projection, from_scratch=wishes.from_scratch, verify=wishes.verify)
    finally:
        lock.release()


def _chosen(name: str, settings: Settings) -> Sequence[Projection]:
    from kontor.embedded import PROJECTIONS

    if settings.profile == "full":
        raise Refused(IN_SERVERS)
    by_name = {projection.name: projection for projection in PROJECTIONS}
    if name != "all" and name not in by_name:
        console.fail(f"no projection is called {name!r}; one of {', '.join(by_name)}, all", 2)
    return PROJECTIONS if name == "all" else (by_name[name],)


IN_SERVERS = (
    "views in Redis and Cassandra cannot be folded beside the live ones yet. Stop the workers, empty the store "
    "(KONTOR_NAMESPACE begins its keys in Redis and is its keyspace in Cassandra) and start them again: they fill it "
    "from the topic. Meanwhile readers are answered from elsewhere; docs/replay.md tells more"
)
