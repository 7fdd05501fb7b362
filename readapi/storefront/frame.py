"""What all documents have around their content: files, name, policy, and the head by which others know a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from readapi.caching.cdn import page_headers
from readapi.caching.ready import HTML, RawHeaders, headers_of
from readapi.shown.languages import told_headers
from readapi.storefront import linkeddata, policy, slots, wording
from readapi.storefront.assets import Assets
from readapi.storefront.drawings import Drawings
from readapi.storefront.rendered import Drawn, tag_of

TEMPLATES = Path(__file__).parent / "templates"
NOINDEX = (b"x-robots-tag", b"noindex")


class Head(NamedTuple):
    """What a page says of itself to those who pass it on."""

    title: str
    """Without the shop's name."""
    about: str
    path: str
    """Its one address, without what only chooses from it."""
    language: str = ""
    """Of title and description, where it is not that of the pages."""
    kind: str = "website"
    """https://ogp.me/#types"""
    image: str | None = None
    image_alt: str = ""
    price: Any = None
    data: Sequence[dict[str, Any]] = ()
    """JSON-LD."""


class CacheTerms(NamedTuple):
    """What shared caches are told of a page (``caching/cdn.py``)."""

    keys: Iterable[str]
    languages: Iterable[str]
    shared: bool


class Frame:
    """Of one process. ``base`` is the origin where people find the shop: without it no page knows its address, since
    what a request says of that is said by whoever sends it."""

    def __init__(self, assets: Assets, name: str, write: str = "", base: str | None = None) -> None:
        """Raises UnusableFiles."""
        self.assets = assets
        self.name = name
        self.write = write
        self.base = base
        self.policy = policy.headers(write)
        self._raw_policy = tuple((key.lower().encode(), value.encode()) for key, value in self.policy.items())
        drawings = Drawings(assets)
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(
            frame=self, drawings=drawings, slots=slots, wording=wording, linked=linkeddata.safe
        )

    @cached_property
    def top(self) -> Markup:
        """The head of every page of the shop; the same to all, so it is drawn once."""
        return Markup(self._template("top.html"))

    @cached_property
    def foot(self) -> Markup:
        return Markup(self._template("foot.html"))

    def _template(self, name: str, **content: Any) -> str:
        return self._templates.get_template(name).render(content)

    def document(self, template: str, head: Head, folder: str = "shop", **content: Any) -> bytes:
        modules = self.assets.modules("lib", folder)
        return self._template(template, head=head, folder=folder, modules=modules, **content).encode()

    def absolute(self, address: str | None) -> str | None:
        """Where others find it; None for what only this shop's own pages could load."""
        if address is None or address.startswith("https:"):
            return address
        return self.base + address if self.base and address.startswith("/") and address[1:2] != "/" else None

    def titled(self, title: str) -> str:
        """As ``lib/router.js`` calls it."""
        return title if title == self.name else f"{title} · {self.name}"

    def drawn(self, body: bytes, terms: CacheTerms, *more: tuple[bytes, bytes], status: int = 200) -> Drawn:
        """A page as everybody gets it, until it changes."""
        etag = tag_of(body)
        headers = page_headers(body, etag, terms.keys, terms.languages, shared=terms.shared, media_type=HTML)
        return Drawn(body, etag, (*headers, *self._raw_policy, *more), status)

    def passing(self, body: bytes, languages: Iterable[str] = ()) -> RawHeaders:
        """Of a page for whoever asked just now, and for nobody's cache."""
        headers = (*headers_of(body, HTML), (b"cache-control", b"no-cache"), *told_headers(languages))
        return (*headers, *self._raw_policy)
