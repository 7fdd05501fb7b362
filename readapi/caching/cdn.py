"""What answers tell a shared cache: for how long it may hold them, and by which keys they are purged.

Browsers are told apart from it (``Cache-Control``): they ask again each time and mostly hear 304. Keys are sent twice,
as ``Surrogate-Key`` (Fastly, Varnish) and ``Cache-Tag`` (Cloudflare, Akamai, Bunny).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from readapi.caching.ready import JSON, RawHeaders, headers_of
from readapi.edge.written import Written
from readapi.shown.languages import told_headers

PAGE_S = 30
"""A page is fresh for so long, and may be shown for as long again while it is asked for."""
LIST_S = 5
"""A result changes with every product, and nobody purges it for one that is new."""
SHARED_MS = 2 * PAGE_S * 1000
"""For so long at most a shared cache holds a page."""
KEYS_MAX = 60
KEY_CHARS_MAX = 300
CATEGORIES = "categories"
PRODUCTS = "products"


def category_key(path: Sequence[str]) -> str:
    """``category:Furniture%2FBeds``."""
    return "category:" + quote("/".join(path), safe="")


def page_headers(
    body: bytes,
    etag: str,
    keys: Iterable[str],
    languages: Iterable[str] = (),
    *,
    shared: bool = True,
    personal: bool = False,
    media_type: bytes = JSON,
) -> Written:
    """Complete but for the position. ``languages`` are those that it is told in. Unless ``shared`` no cache may hold
    it: nothing would tell it of a price that ends by itself. ``personal``: an account may have one of its own."""
    headers: RawHeaders = (
        *headers_of(body, media_type),
        (b"etag", etag.encode()),
        (b"cache-control", b"public, max-age=0, must-revalidate"),
        (b"surrogate-control", _control(PAGE_S) if shared else b"no-store"),
        *_named(keys),
        (b"vary", b"Kontor-Min-Position, Authorization" if personal else b"Kontor-Min-Position"),
        *told_headers(languages),
    )
    return Written(headers)


def list_headers(body: bytes, product_ids: Sequence[str], *, shared: bool) -> RawHeaders:
    """Of a result that is the same for everybody who says no other place than its request does; an account may have
    one of its own, so caches tell accounts apart."""
    return (
        *headers_of(body),
        (b"cache-control", b"no-cache"),
        (b"surrogate-control", _control(LIST_S) if shared else b"no-store"),
        *_named((PRODUCTS, *product_ids)),
        (b"vary", b"Kontor-Min-Position, Authorization"),
    )


def _control(seconds: int) -> bytes:
    return b"max-age=%d, stale-while-revalidate=%d" % (seconds, seconds)


def _named(keys: Iterable[str]) -> RawHeaders:
    """The first KEYS_MAX, without those that no cache would take for their length."""
    short = [key for key in keys if len(key) <= KEY_CHARS_MAX][:KEYS_MAX]
    return (b"surrogate-key", " ".join(short).encode()), (b"cache-tag", ",".join(short).encode())


def private(headers: RawHeaders) -> RawHeaders:
    """The same for what one account alone is shown."""
    others = [header for header in headers if header[0] not in (b"cache-control", b"surrogate-control")]
    return (*others, (b"cache-control", b"private, no-cache"))
