"""``kontor replay``: which projections are meant, and what its refusals come to."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from commands.errors import UnusableLog
from kontor import console
from kontor.folder import DataFolder
from kontor.instants import NoInstant
from kontor.loop import SWITCH_S, run
from kontor.proving.evidence import Damaged
from kontor.replay.apart import Apart, past
from kontor.replay.code import code_of, code_of_views
from kontor.replay.gauges import gauges
from kontor.replay.noting import noting
from kontor.replay.own import own_projection
from kontor.replay.rebuilding import Rebuilding, Refused
from kontor.replay.telling import Telling
from kontor.replay.views import Views, opened
from kontor.settings import Settings
from kontor.wiring.embedded import settle_garbage
from projections.beside import BadGeneration
from projections.projector import Projection
from projections.search.lock import FolderLock
from projections.sqlitetable import Busy


class Wishes(NamedTuple):
    from_scratch: bool = False
    verify: bool = False
    rollback: bool = False
    upto: str | None = None
    dry_run: bool = False
    jobs: int = 1
    """How many processes fold."""


def run_replay(name: str, wishes: Wishes, settings: Settings, as_json: bool) -> None:
    """Exit 1 when nothing was swapped, 2 for wishes that make no sense."""
    own = name.endswith(".py")
    asked = Path(name).name if own else name
    _check(own, wishes, settings)
    settle_garbage()
    sys.setswitchinterval(SWITCH_S)  # rows are written by another thread than the one that folds
    try:
        with _alone(DataFolder(settings.data)), gauges(settings) as measured, noting(asked, settings) as note:
            tell = Telling(as_json, measured, note)
            if own:
                file = Path(name)
                projection = own_projection(file)
                _apart([projection], code_of_views() + code_of(file), wishes, settings, tell)
            elif wishes.upto is not None:
                _apart(_chosen(name), code_of_views(), wishes, settings, tell)
            else:
                _in_place(name, wishes, settings, tell)
    except NoInstant as error:
        console.fail(str(error), 2)
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


def _check(own: bool, wishes: Wishes, settings: Settings) -> None:
    if wishes.rollback and wishes != Wishes(rollback=True):
        console.fail("--rollback goes back to what is kept; it goes with no other option", 2)
    if (own or wishes.upto is not None) and (wishes.verify or wishes.rollback or wishes.dry_run):
        console.fail(
            "what is folded into a file of its own is not swapped: --verify, --dry-run and --rollback mean nothing", 2
        )
    if wishes.jobs > 1 and (own or wishes.upto is not None or settings.profile != "full"):
        console.fail("a file has one writer: --jobs is for what the full profile keeps in Redis", 2)


@contextmanager
def _alone(folder: DataFolder) -> Iterator[None]:
    """Raises Refused, UnusableLog."""
    lock = FolderLock(folder.replay)
    try:
        free = lock.acquire()
    except OSError as error:
        raise UnusableLog(f"{folder.replay} cannot be written: {error.strerror}") from error
    if not free:
        raise Refused("another replay is at work in this folder; wait until it ends")
    try:
        yield
    finally:
        lock.release()


def _chosen(name: str, known: Sequence[Projection] = ()) -> Sequence[Projection]:
    """Of those that are known; of all that Kontor has, where it matters not which store keeps them."""
    from kontor.wiring.embedded import PROJECTIONS

    known = known or PROJECTIONS
    by_name = {projection.name: projection for projection in known}
    if name != "all" and name not in by_name:
        console.fail(
            f"no projection is called {name!r}; one of {', '.join(by_name)}, search, all, or a file that ends in .py", 2
        )
    return known if name == "all" else (by_name[name],)


def _apart(projections: Sequence[Projection], code: str, wishes: Wishes, settings: Settings, tell: Telling) -> None:
    with past(settings, wishes.upto) as until:
        apart = Apart(DataFolder(settings.data).replay, until, tell)
        apart.fold(projections, code, from_scratch=wishes.from_scratch)


def _in_place(name: str, wishes: Wishes, settings: Settings, tell: Telling) -> None:
    if settings.profile == "full":
        _in_servers(name, wishes, settings, tell)
        return
    projections: Sequence[Projection] = () if name == "search" else _chosen(name)
    if projections:
        _views(projections, wishes, settings, tell)
    indexed = (DataFolder(settings.data).search / "version").exists()
    if name == "search" or (name == "all" and indexed and not wishes.rollback):
        _search(wishes, settings, tell)


def _in_servers(name: str, wishes: Wishes, settings: Settings, tell: Telling) -> None:
    from kontor.replay.ofprocesses import processes
    from kontor.replay.servers import servers

    own, shared = _kept_apart(name, wishes, settings)
    if own:
        with processes(settings) as file:
            _rebuild(Rebuilding(file, tell), own, wishes)
    if shared:
        with servers(settings, shared, wishes.jobs) as place:
            _rebuild(Rebuilding(place, tell), shared, wishes)
    if name == "search" or (name == "all" and not wishes.rollback):
        from kontor.replay.elastic import InElasticsearch

        search = InElasticsearch(settings, tell)
        if wishes.rollback:
            run(search.roll_back())
        else:
            run(search.replay(from_scratch=wishes.from_scratch, verify=wishes.verify, dry=wishes.dry_run))


def _kept_apart(name: str, wishes: Wishes, settings: Settings) -> tuple[Sequence[Projection], Sequence[Projection]]:
    """Of what ``name`` means: what lies in the folder of ``work --projection processes``, and what lies in servers.
    ``all`` means that folder only where it is, and not to be rolled back, for it may have nothing to go back to."""
    from kontor.wiring.stores import IN_CASSANDRA, IN_REDIS, OF_PROCESSES

    if name in ("search", "processes"):
        return (OF_PROCESSES if name == "processes" else ()), ()
    only = [one for one in OF_PROCESSES if one not in IN_REDIS]
    chosen = _chosen(name, (*IN_REDIS, *IN_CASSANDRA, *only))
    own: Sequence[Projection] = [one for one in chosen if one in only]
    if name == "all":
        here = DataFolder(settings.data).processes.exists()
        own = OF_PROCESSES if here and not wishes.rollback else ()
    return own, [one for one in chosen if one not in only]


def _search(wishes: Wishes, settings: Settings, tell: Telling) -> None:
    from kontor.replay.search import Search
    from kontor.wiring.embedded import PROJECTIONS

    search = Search(DataFolder(settings.data), tell)
    if wishes.rollback:
        search.roll_back()
    else:
        with opened(DataFolder(settings.data)):  # the documents are made of the views, so these must be good
            wanted = {"from_scratch": wishes.from_scratch, "verify": wishes.verify, "dry": wishes.dry_run}
            run(search.replay(PROJECTIONS, **wanted))


def _views(projections: Sequence[Projection], wishes: Wishes, settings: Settings, tell: Telling) -> None:
    with opened(DataFolder(settings.data)) as (log, connection), closing(Views(log, connection)) as place:
        _rebuild(Rebuilding(place, tell), projections, wishes)


def _rebuild(rebuilding: Rebuilding, projections: Sequence[Projection], wishes: Wishes) -> None:
    if wishes.rollback:
        rebuilding.roll_back(projections)
    else:
        rebuilding.replay(projections, from_scratch=wishes.from_scratch, verify=wishes.verify, dry=wishes.dry_run)
