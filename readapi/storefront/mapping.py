"""The routes by which search engines find their way: ``robots.txt`` and the sitemap."""

from __future__ import annotations

import zlib

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import NotFound
from readapi.catalogue import tree
from readapi.storefront.robots import KEPT_S, robots
from readapi.storefront.sitemap import INDEX, PAGES, PART, Sitemap
from readapi.storefront.wording import category_address

_HEADERS = {"Cache-Control": f"public, max-age={KEPT_S}"}
_XML = "application/xml"


class Mapping:
    """``base`` is the shop's origin. Where that is not known there is no sitemap: its addresses have to be whole."""

    def __init__(self, base: str | None, sitemap: Sitemap | None) -> None:
        self._base = base
        self._sitemap = sitemap

    def install(self, app: FastAPI) -> None:
        for path, endpoint in (
            ("/robots.txt", self._robots),
            (INDEX, self._index),
            (PAGES, self._pages),
            (PART.replace("{part}", "{part:int}"), self._part),
        ):
            app.add_route(path, endpoint, include_in_schema=False)

    async def _robots(self, request: Request) -> Response:
        return robots(self._base)

    async def _index(self, request: Request) -> Response:
        return Response(await self._there().index(), headers=_HEADERS, media_type=_XML)

    async def _pages(self, request: Request) -> Response:
        there = self._there()
        categories, _ = await tree(request)
        addresses = [category_address(path) for path, count in sorted(categories.counts.items()) if count]
        return Response(there.pages(addresses), headers=_HEADERS, media_type=_XML)

    async def _part(self, request: Request) -> Response:
        packed = await self._there().part(request.path_params["part"])
        if packed is None:
            raise NotFound("there is no such part")
        headers = {**_HEADERS, "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(packed, headers={**headers, "Content-Encoding": "gzip"}, media_type=_XML)
        return Response(zlib.decompress(packed, wbits=31), headers=headers, media_type=_XML)

    def _there(self) -> Sitemap:
        """Raises NotFound."""
        if self._sitemap is None:
            raise NotFound("there is no sitemap until KONTOR_STOREFRONT_URL says where the shop is")
        return self._sitemap
