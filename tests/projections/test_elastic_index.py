"""The Elasticsearch adapter on a real server: the contract, and what only a server can suffer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from projections.search.elastic.index import ElasticIndex
from projections.search.elastic.server import Server
from tests.contracts.search_index import SearchIndexContract
from tests.elastic import names_of_its_own, server_url

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def url() -> str:
    return server_url()


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
