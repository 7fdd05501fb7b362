"""A generation of the search index beside the one that is shown, on a real server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from projections.search.elastic.building import ElasticBuild
from projections.search.elastic.bulk import REQUEST_CHANGES_MAX
from projections.search.elastic.generations import Generations
from projections.search.elastic.index import ElasticIndex
from projections.search.elastic.server import Server
from projections.search.port import NotTheWriter, SearchQuery, Walk
from tests.contracts.search_catalog import product
from tests.elastic import names_of_its_own
from tests.needed import address

pytestmark = pytest.mark.stack


@pytest.fixture
def url() -> str:
    return address("elasticsearch")


@pytest.fixture
def name(url: str) -> Iterator[str]:
    with names_of_its_own(url) as name:
        yield name


def opened(url: str, name: str) -> ElasticIndex:
    return ElasticIndex(Server(url), name)


def ids_in(index: ElasticIndex) -> list[str]:
    return sorted(index.search(SearchQuery()).product_ids)


def wrote(index: ElasticIndex, position: int, *ids: str) -> None:
    index.apply([product(one, f"Oak bed {one}") for one in ids], [])
    index.commit(position)


def built(url: str, name: str, position: int, *ids: str, **more: Any) -> ElasticBuild:
    build = ElasticBuild(Server(url), name, **more)
    assert build.try_writer()
    wrote(build, position, *ids)
    return build


def test_it_is_seen_by_nobody_until_it_is_shown_and_then_by_all(url: str, name: str):
    writer, reader = opened(url, name), opened(url, name)
    assert writer.try_writer()
    wrote(writer, 5, "p1")
    build = built(url, name, 6, "p1", "p2")
    reader.refresh()
    assert (ids_in(reader), ids_in(build)) == (["p1"], ["p1", "p2"])
    build.show()
    assert ids_in(reader) == ["p1"]  # what its position tells of
    assert reader.refresh()
    assert (ids_in(reader), reader.position()) == (["p1", "p2"], 6)

    writer.apply([product("p3", "Oak bed p3")], [])
    with pytest.raises(NotTheWriter):
        writer.commit(7)
    assert writer.try_writer()
    assert writer.position() == 6
    wrote(writer, 7, "p3")
    reader.refresh()
    assert ids_in(reader) == ["p1", "p2", "p3"]

    kept = Generations(Server(url), name).kept()
    assert kept is not None
    assert kept.position == 5
    back = built(url, name, 8, "p4", begun=kept)
    back.show()
    reader.refresh()
    assert ids_in(reader) == ["p1", "p4"]
    writer.close()


def test_documents_are_sent_while_more_are_made_and_the_last_word_stands(url: str, name: str):
    server = Server(url)
    build = ElasticBuild(server, name)
    assert build.try_writer()
    ids = [f"p{number:04}" for number in range(REQUEST_CHANGES_MAX)]
    bad = product("p_bad", "Oak bed", price=1 << 70)
    build.apply([bad, *(product(one, f"Oak bed {one}") for one in ids)], [])
    while server.get(f"/{build.mine.name}/_doc/{ids[0]}") is None:
        time.sleep(0.02)  # nothing is committed yet
    build.apply([product(ids[0], "Pine bed")], [ids[1]])
    rejected = build.commit(5)
    assert [one.product_id for one in rejected] == ["p_bad"]
    assert build.search(SearchQuery(text="oak")).total == len(ids) - 2
    assert build.search(SearchQuery(text="pine")).product_ids == [ids[0]]
    build.close()
    server.close()


def test_the_last_word_stands_although_requests_are_under_way_at_once(url: str, name: str):
    """The older ones are held back on their way."""
    server, older = Slow(url), "Pine bed"
    build = ElasticBuild(server, name)
    assert build.try_writer()
    ids = [f"p{number:04}" for number in range(REQUEST_CHANGES_MAX)]
    for title in (older, older, "Oak bed"):
        build.apply([product(one, title) for one in ids], [])
        server.pause_s = max(0.0, server.pause_s - 0.2)
    assert build.commit(5) == []
    assert (build.search(SearchQuery(text="oak")).total, build.search(SearchQuery(text="pine")).total) == (len(ids), 0)
    build.close()
    server.close()


class Slow(Server):
    """What is sent lies about for a moment first."""

    pause_s = 0.4

    def write(self, method: str, path: str, body: Any = None, **params: Any) -> Any:
        if path.endswith("/_bulk"):
            time.sleep(self.pause_s)
        return super().write(method, path, body, **params)


def test_what_was_sent_of_a_walk_is_counted_when_it_is_gone_on_with(url: str, name: str):
    """And is not made visible for nobody before that."""
    begun = ElasticBuild(Server(url), name)
    assert begun.try_writer()
    begun.apply([product("p1", "Oak bed")], [])
    begun.commit(0, Walk(5, "p1", "today"))
    assert begun.count(SearchQuery()) == 0
    begun.close()
    again = ElasticBuild(Server(url), name, Generations(Server(url), name).unfinished("today"))
    assert again.try_writer()
    assert again.count(SearchQuery()) == 1
    again.close()


def test_one_that_was_ended_before_it_was_whole_is_gone_on_with_by_the_same_code(url: str, name: str):
    writer, generations = opened(url, name), Generations(Server(url), name)
    assert writer.try_writer()
    wrote(writer, 5, "p1")
    begun = ElasticBuild(Server(url), name)
    assert begun.try_writer()
    begun.apply([product("p1", "Oak bed")], [])
    begun.commit(0, Walk(5, "p1", "today"))
    assert (generations.unfinished("yesterday"), generations.unfinished("today")) == (None, begun.mine)
    begun.close()

    again = ElasticBuild(Server(url), name, generations.unfinished("today"))
    assert again.try_writer()
    assert (again.walk(), ids_in(again)) == (Walk(5, "p1", "today"), ["p1"])
    wrote(again, 6, "p2")
    assert again.walk() is None
    assert generations.unfinished("today") is None, "it is whole"
    again.show()
    writer.refresh()
    assert ids_in(writer) == ["p1", "p2"]
    again.close()
    writer.close()


def test_a_reader_goes_over_when_it_is_as_far_as_what_was_seen(url: str, name: str):
    writer, reader = opened(url, name), opened(url, name)
    assert writer.try_writer()
    wrote(writer, 5, "p1")
    build = built(url, name, 6, "p2")
    generations = Generations(Server(url), name)
    wrote(writer, 9, "p3")  # a moment before the other one is shown
    reader.refresh()
    build.show()
    assert not reader.refresh()
    assert (ids_in(reader), reader.position()) == (["p1", "p3"], 9)
    with pytest.raises(NotTheWriter):
        wrote(writer, 10, "p4")
    assert writer.try_writer()
    wrote(writer, 10, "p1", "p3", "p4")
    assert reader.refresh()
    assert ids_in(reader) == ["p1", "p2", "p3", "p4"]
    shown = generations.current()
    assert shown is not None
    assert shown.name == build.mine.name
    writer.close()


def test_a_rebuild_by_the_writer_does_not_leave_readers_behind(url: str, name: str):
    """What it replaces is deleted, whatever was promised of it."""
    writer, reader = opened(url, name), opened(url, name)
    assert writer.try_writer()
    wrote(writer, 9, "p1")
    reader.refresh()
    writer.start_over()
    wrote(writer, 3, "p2")
    assert ids_in(reader) == ["p2"]
    assert reader.refresh()
    assert reader.position() == 3
    writer.close()
