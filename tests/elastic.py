"""The Elasticsearch server that tests run against, and what they leave on it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from projections.search.elastic.server import Refused, Server

VARIABLE = "KONTOR_ELASTICSEARCH_URL"


def server_url() -> str:
    """Without one, tests are skipped on a developer's machine and fail where ``$CI`` is set."""
    if url := os.environ.get(VARIABLE):
        return url
    reason = f"needs an Elasticsearch server; {VARIABLE} names none"
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


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
