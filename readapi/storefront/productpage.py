"""The page of one product as everybody finds it, drawn from the answer of the API; the scripts add the rest."""

from __future__ import annotations

from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from domain.errors import NotFound
from readapi.caching.pages import Page
from readapi.catalogue import product
from readapi.edge.degraded import is_degraded
from readapi.productquery import is_place
from readapi.shown.audience import EVERYBODY, Audience
from readapi.shown.destination import ANYWHERE
from readapi.storefront import answers
from readapi.storefront.answering import answer
from readapi.storefront.answers import Axis, Product, Step, Variant
from readapi.storefront.frame import NOINDEX, CacheTerms, Frame, Head
from readapi.storefront.linkeddata import OFFERS_MAX, breadcrumbs, product_data
from readapi.storefront.rendered import Drawn, Rendered
from readapi.storefront.wording import OF_MACHINES, product_address, shortened, value_text

GONE = 410
"""What is discontinued is not coming back; its page stays for those who bought it, and search engines let go of it."""


class Choice(NamedTuple):
    """One value of an axis, with the sibling that it leads to."""

    value: Any
    variant: Variant
    chosen: bool


class ProductPages:
    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self.rendered = Rendered()

    async def show(self, request: Request) -> Response:
        """Raises NotFound, and what the API's page raises."""
        sku, audience = _asked(request)
        page, position = await product(request, request.path_params["product_id"], audience)
        if page is None:
            raise NotFound("no such product")
        if is_degraded(request):
            body = self._document(answers.product(page.body), sku)
            return answer(request, Drawn(body, "", self._frame.passing(body, (page.language,))), position)
        if sku or audience != EVERYBODY:  # addresses of anybody's making are not worth keeping
            return answer(request, self._draw(page, sku), position)
        drawn = self.rendered.page((page.etag, page.headers), lambda: self._draw(page))
        return answer(request, drawn, position)

    def _draw(self, page: Page, sku: str = "") -> Drawn:
        shown = answers.product(page.body)
        keys = (shown.product_id, *sorted({offer.shop_id for offer in shown.offers}))
        shared = (b"surrogate-control", b"no-store") not in page.headers
        known = CacheTerms(keys, (page.language,), shared)
        body = self._document(shown, sku)
        return (
            self._frame.drawn(body, known, NOINDEX, status=GONE)
            if shown.discontinued
            else self._frame.drawn(body, known)
        )

    def _document(self, shown: Product, sku: str) -> bytes:
        variant = shown.variant(sku)
        offers = shown.sold(variant)
        steps = [Step(name, "/".join(shown.category[: depth + 1])) for depth, name in enumerate(shown.category)]
        known = {**shown.attributes, **variant.attributes}
        return self._frame.document(
            "product.html",
            self._head(shown, steps),
            product=shown,
            steps=steps,
            best=next((offer for offer in offers if offer.deliverable), None),
            offers=offers[:OFFERS_MAX],
            sold=len(offers),
            axes=[(axis.name, choices(shown, variant, axis)) for axis in shown.axes],
            attributes=[(name, value) for name, value in known.items() if name not in OF_MACHINES],
            paragraphs=[part for part in shown.description.split("\n") if part.strip()],
        )

    def _head(self, shown: Product, steps: list[Step]) -> Head:
        absolute = self._frame.absolute
        images = [address for one in shown.pictures if (address := absolute(one.url))]
        best = next((offer for offer in shown.offers if offer.deliverable), None)
        data = [product_data(shown, shown.offers, images, self._frame.base)]
        if steps:
            data.append(breadcrumbs(steps, self._frame.base))
        return Head(
            shown.title,
            shortened(shown.description or shown.title),
            product_address(shown.product_id),
            shown.language,
            "product",
            images[0] if images else None,
            (shown.pictures[0].alt or shown.title) if shown.pictures else "",
            None if best is None else best.price,
            data,
        )


def _asked(request: Request) -> tuple[str, Audience]:
    """Which sibling, and for where. What the address says besides is of those who have passed it on."""
    if not request.scope["query_string"]:
        return "", EVERYBODY
    asked = request.query_params
    ship_to = asked.get("shipTo", "")
    there = ship_to[:2] if ship_to != ANYWHERE and is_place(ship_to) else ""
    return asked.get("sku", ""), Audience(there)


def choices(shown: Product, current: Variant, axis: Axis) -> list[Choice]:
    """Along one axis: for each value the sibling that has it and most else in common with the current one."""

    def same(one: Variant, name: str, value: Any) -> bool:
        return value_text(one.attributes.get(name)) == value_text(value)

    def shared(one: Variant) -> int:
        others = (other.name for other in shown.axes if other.name != axis.name)
        return sum(same(one, name, current.attributes.get(name)) for name in others)

    found = []
    for value in axis.values:
        sibling = max((one for one in shown.variants if same(one, axis.name, value)), key=shared)
        found.append(Choice(value, sibling, same(current, axis.name, value)))
    return found
