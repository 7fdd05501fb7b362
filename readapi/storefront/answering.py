"""A drawn page as a response."""

from __future__ import annotations

from starlette.requests import Request

from readapi.caching.ready import Ready, Unchanged
from readapi.edge.etags import not_modified
from readapi.edge.headers import header
from readapi.storefront.rendered import Drawn


def answer(request: Request, page: Drawn, position: int) -> Ready:
    """304 only for what is there: what is gone is told each time (RFC 9110, §13.2.1)."""
    if page.status == 200 and page.etag and not_modified(header(request, b"if-none-match"), page.etag):
        return Unchanged(page.headers, position)
    return Ready(page.body, position, page.headers, page.status)
