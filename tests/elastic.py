"""The Elasticsearch server that tests run against, and what they leave on it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from projections.search.elastic.server import Refused, Server


@contextmanager
def names_of_its_own(url: str) -> Iterator[str]:
    """A beginning of index names that nobody else uses; whatever has it is deleted in the end."""
    name = f"kontor-test-{secrets.token_hex(6)}"
    try:
        yield name
    finally:
        server = Server(url)
        with suppress(Refused):
            found = server.get(f"/{name}*/_alias", expand_wildcards="all", ignore_unavailable="true") or {}
            for index in found:
                server.write("DELETE", f"/{index}", ignore_unavailable="true")
        server.close()
