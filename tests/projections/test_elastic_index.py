"""The Elasticsearch adapter on a real server: the contract, and what only a server can suffer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from projections.breaker import Breaker
from projections.search.elastic import bulk, mapping
from projections.search.elastic.generations import Generations
from projections.search.elastic.index import ElasticIndex
from projections.search.elastic.lease import Lease
from projections.search.elastic.server import Server
from projections.search.port import MAX_LIMIT, MAX_OFFSET, Copy, NotTheWriter, SearchQuery, SearchUnavailable
from projections.search.ranking import PLAIN
from projections.search.rescue import answer
from projections.search.row import DEPTH
from projections.search.tantivy_index import TantivyIndex
from tests.benchmarks import icecat
from tests.contracts.search_catalog import product
from tests.contracts.search_index import SearchIndexContract
from tests.elastic import names_of_its_own
from tests.needed import address
from tests.projections.test_search_index import RELEVANCE_FLOOR
from tests.proxy import ThreadedProxy

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def url() -> str:
    return address("elasticsearch")


@pytest.fixture
def name(url: str) -> Iterator[str]:
    with names_of_its_own(url) as name:
        yield name


class TestElasticIndex(SearchIndexContract):
    @pytest.fixture(autouse=True)
    def _names(self, url: str, name: str, tmp_path: Path) -> None:
        self.url, self.name, self.folder = url, name, tmp_path

    def make_index(self, folder: Path) -> ElasticIndex:
        below = folder.relative_to(self.folder).as_posix().strip(".")
        return ElasticIndex(Server(self.url), f"{self.name}{below}")


@pytest.fixture
def server(url: str) -> Iterator[Server]:
    server = Server(url)
    yield server
    server.close()


@pytest.fixture
def index(url: str, name: str) -> Iterator[ElasticIndex]:
    index = ElasticIndex(Server(url), name)
    assert index.try_writer()
    yield index
    index.close()


def ids_found(index: ElasticIndex, text: str = "", **filters: Any) -> list[str]:
    return sorted(index.search(SearchQuery(text=text, **filters)).product_ids)


# documents


def test_attributes_of_any_kind_share_a_name(index):
    kinds = [17, 17.5, "17", "very wide", True, "x" * 40_000, ""]
    documents = [
        product(f"prd_{n}", "Lamp", attributes={"size": kind, f"a.b.{n}": kind}) for n, kind in enumerate(kinds)
    ]
    index.apply(documents, [])
    assert index.commit(1) == []
    assert len(ids_found(index)) == len(kinds)
    assert ids_found(index, attributes={"size": ("17",)}) == ["prd_0", "prd_2"]
    assert ids_found(index, attributes={"size": ("true",)}) == ["prd_4"]
    sizes = index.search(SearchQuery()).facets.attributes["size"]
    assert {bucket.value: bucket.count for bucket in sizes} == {"17": 2, "17.5": 1, "very wide": 1, "true": 1}


def test_what_was_kept_is_handed_back(index):
    bed = product(
        "prd_bed", "Oak bed", description="<solid>", kept='{"price":{"amount":1.0},"any":[null,"ü"]}'.encode()
    )
    index.apply([bed, product("prd_sofa", "Sofa", description="soft")], [])
    index.commit(1)
    assert index.copies(["prd_bed", "prd_sofa", "prd_none"]) == {
        "prd_bed": Copy({"price": {"amount": 1.0}, "any": [None, "ü"]}, "<solid>")
    }
    index.apply([product("prd_bed", "Oak bed", kept=b"[2]")], ["prd_sofa"])
    index.commit(2)
    assert index.copies(["prd_bed"]) == {"prd_bed": Copy([2], "")}


def test_categories_are_counted_with_what_is_below(index):
    paths = [("A", "B", "C"), ("A", "B"), ("A",), ("a", "B"), ("A", "B", "C"), (), tuple("12345678")]
    index.apply([product(f"prd_{number}", "thing", category=path) for number, path in enumerate(paths)], [])
    index.commit(1)
    eight = {tuple("12345678"[:depth]): 1 for depth in range(1, DEPTH + 1)}
    assert index.categories() == {("A",): 4, ("A", "B"): 3, ("A", "B", "C"): 2, ("a",): 1, ("a", "B"): 1, **eight}


def test_an_index_that_is_not_there_has_kept_nothing(url, name):
    index = ElasticIndex(Server(url), name)
    assert index.copies(["prd_bed"]) == {}
    assert index.categories() == {}
    index.close()


def test_a_document_that_is_refused_is_told_and_the_rest_goes_on(index):
    index.apply(
        [product("prd_1", "Lamp"), product("prd_bad", "Lamp", price=1 << 70), product("prd_2", "Lamp")], ["prd_3"]
    )
    [rejected] = index.commit(5)
    assert rejected.product_id == "prd_bad"
    assert "price" in rejected.reason
    assert ids_found(index, "lamp") == ["prd_1", "prd_2"]
    assert index.position() == 5


def test_many_changes_take_several_requests(index, monkeypatch):
    monkeypatch.setattr(bulk, "REQUEST_CHANGES_MAX", 3)
    monkeypatch.setattr(bulk, "REQUEST_BYTES_MAX", 2_000)
    index.apply([product(f"prd_{n}", "Lamp", description="bright " * 100) for n in range(10)], [])
    index.commit(1)
    index.apply([product("prd_1", "Lamp", price=1)], [f"prd_{n}" for n in range(2, 10)])
    index.commit(2)
    assert ids_found(index) == ["prd_0", "prd_1"]


def test_an_older_write_does_not_overwrite_a_newer_one(index, server, name):
    index.apply([product("prd_1", "Anvil")], ["prd_2"])
    index.commit(10)
    target = Generations(server, name).current().name
    late = {"prd_1": product("prd_1", "Bellows"), "prd_2": product("prd_2", "Bellows")}
    assert bulk.write(server, target, late, 9) == []
    index.apply([], [])
    index.commit(11)
    assert ids_found(index, "bellows") == []
    assert ids_found(index, "anvil") == ["prd_1"]


def test_sorted_pages_go_as_far_as_they_may(index):
    index.apply([product("prd_1", "Lamp")], [])
    index.commit(1)
    assert index.search(SearchQuery(offset=MAX_OFFSET, limit=MAX_LIMIT)).product_ids == []


# the index itself


def test_an_index_that_is_deleted_under_its_writer_is_made_anew(index, server, name):
    index.apply([product("prd_1", "Lamp")], [])
    index.commit(5)
    server.write("DELETE", f"/{Generations(server, name).current().name}")
    assert ids_found(index, "lamp") == []
    assert index.suggest("la") == []
    index.apply([product("prd_2", "Lamp")], [])
    with pytest.raises(NotTheWriter):
        index.commit(6)
    assert index.try_writer()
    assert index.position() == 0
    index.apply([product("prd_3", "Lamp")], [])
    index.commit(7)
    assert ids_found(index) == ["prd_3"], "and nothing was made up meanwhile"


def test_a_foreign_index_in_its_place_reads_as_empty_and_is_replaced(url, server, name):
    alias = Generations(server, name).alias
    server.write("PUT", f"/{alias}/_doc/prd_1", {"title": {"not": "ours"}}, refresh="true")
    index = ElasticIndex(Server(url), name)
    assert index.position() == 0
    assert index.search(SearchQuery()).total == 0
    assert index.try_writer()
    index.apply([product("prd_2", "Lamp")], [])
    index.commit(1)
    assert ids_found(index) == ["prd_2"]
    index.close()


def test_an_index_of_another_version_reads_as_empty(url, index, name, monkeypatch):
    index.apply([product("prd_1", "Lamp")], [])
    index.commit(5)
    monkeypatch.setattr(mapping, "VERSION", mapping.VERSION + 1)
    later = ElasticIndex(Server(url), name)
    assert (later.position(), later.search(SearchQuery()).total) == (0, 0)
    later.close()
    index.refresh()
    assert index.position() == 0, "a state that another version wrote is not read either"


def test_generations_of_the_past_are_deleted_when_the_next_is_whole(index, server, name):
    for position in (3, 2):
        index.start_over()
        index.apply([product("prd_1", "Lamp")], [])
        index.commit(position)
    alias = Generations(server, name).alias
    assert list(server.get(f"/{alias}-*/_alias")) == [f"{alias}-000002"]
    assert index.position() == 2


# one writer


def test_of_many_that_try_at_once_one_becomes_the_writer(url, name):
    indices = [ElasticIndex(Server(url), name) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(ElasticIndex.try_writer, indices)) == 1
    for index in indices:
        index.close()


def test_a_writer_that_stands_still_is_succeeded(url, server, name):
    """Its heart is stopped, as by SIGSTOP or a crash; the waiting one only watches, by its own clock."""
    now = [0.0]
    lost = ElasticIndex(Server(url), name, lease_ttl_s=0.5)
    assert lost.try_writer()
    lost.apply([product("prd_1", "Lamp")], [])
    lost.commit(5)
    lost._lease._stop.set()
    lost._lease._heart.join()
    next_one = Lease(server, f"{name}-lease", 0.5, lambda: now[0])
    assert not next_one.acquire()
    now[0] += 1.4
    assert not next_one.acquire()
    now[0] += 0.1
    assert next_one.acquire()
    time.sleep(0.5)
    with pytest.raises(NotTheWriter):
        lost.apply([], [])
    assert not lost.try_writer()
    next_one.release()
    lost.close()


def test_a_writer_that_lives_keeps_its_place(url, name):
    index, other = ElasticIndex(Server(url), name, lease_ttl_s=1.0), ElasticIndex(Server(url), name, lease_ttl_s=1.0)
    assert index.try_writer()
    deadline = time.monotonic() + 3.0
    while time.monotonic() < deadline:
        assert not other.try_writer()
        time.sleep(0.1)
    index.apply([product("prd_1", "Lamp")], [])
    index.commit(1)
    index.close()
    assert other.try_writer()
    other.close()


# a server that is away


def test_a_server_that_is_away_is_told_from_an_empty_index_and_missed_by_nobody_when_it_is_back(url, name):
    proxy = ThreadedProxy(url)
    breaker = Breaker("elasticsearch", failures_max=4, rest_s=0.3)
    index = ElasticIndex(Server(proxy.url, breaker), name)
    assert index.try_writer()
    index.apply([product("prd_1", "Lamp")], [])
    index.commit(1)
    proxy.cut()
    for _ in range(3):
        with pytest.raises(SearchUnavailable):
            index.search(SearchQuery(text="lamp"))
    assert breaker.state == "open"
    late = ElasticIndex(Server(proxy.url, breaker), name)
    with pytest.raises(SearchUnavailable):
        late.search(SearchQuery(text="lamp"))
    proxy.mend()
    time.sleep(0.3)
    assert ids_found(index, "lamp") == ids_found(late, "lamp") == ["prd_1"]
    assert breaker.state == "closed"
    index.apply([product("prd_2", "Lamp")], [])
    index.commit(2)
    assert ids_found(late, "lamp") == ["prd_1", "prd_2"]
    index.close()
    late.close()
    proxy.cut()


# relevance


@pytest.mark.slow
def test_both_engines_read_rated_queries_alike(index, tmp_path, shared_data):
    """The same products, the same facets, and a ranking as good."""
    embedded = TantivyIndex(tmp_path)
    assert embedded.try_writer()
    documents = list(icecat.documents(shared_data / "icecat"))
    for engine in (embedded, index):
        engine.apply(documents, [])
        engine.commit(1)
    scores = []
    for rated in icecat.rated_queries(shared_data / "icecat"):
        query = SearchQuery(text=rated.text, limit=10)
        ours, theirs = index.search(query), embedded.search(query)
        assert (ours.total, ours.facets) == (theirs.total, theirs.facets), rated.text
        scores.append(icecat.ndcg(answer(index, query, PLAIN).result.product_ids, rated.gains))
    embedded.close()
    assert len(scores) == 58
    assert sum(scores) / len(scores) >= RELEVANCE_FLOOR
