"""An answer that was kept, and is given again."""

from __future__ import annotations

import httpx

REPLAYED = "idempotent-replayed"


def same_answer(first: httpx.Response, again: httpx.Response) -> None:
    assert again.headers[REPLAYED] == "true"
    assert REPLAYED not in first.headers
    assert (again.status_code, again.content) == (first.status_code, first.content)
    for name in ("content-type", "location", "etag", "kontor-position"):
        assert again.headers.get(name) == first.headers.get(name), name
