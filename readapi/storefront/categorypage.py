"""The page of a category: the way to it, what lies below, and its first products."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from readapi.caching.cdn import CATEGORIES, category_key
from readapi.catalogue import category
from readapi.edge.degraded import is_degraded
from readapi.reading import reading_of
from readapi.shown.categories import Path
from readapi.storefront import answers
from readapi.storefront.answering import answer
from readapi.storefront.answers import Category
from readapi.storefront.frame import CacheTerms, Frame, Head
from readapi.storefront.linkeddata import breadcrumbs, item_list
from readapi.storefront.rendered import Drawn, Rendered
from readapi.storefront.wording import category_address, plural, shortened

NAMED_MAX = 5
"""Products that a category's description names."""


class CategoryPages:
    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self.rendered = Rendered()

    async def show(self, request: Request) -> Response:
        """Raises NotFound, and what the API's page raises."""
        steps: Path = tuple(part for part in request.path_params["path"].split("/") if part)
        page, found, position = await category(request, steps)
        if is_degraded(request):
            body = self._document(answers.category(page.body))
            return answer(request, Drawn(body, "", self._frame.passing(body, found.languages)), position)
        shared = reading_of(request).pages.may_be_shared(found.product_ids)
        known = CacheTerms((CATEGORIES, category_key(steps), *found.product_ids), found.languages, shared)

        def draw() -> Drawn:
            return self._frame.drawn(self._document(answers.category(page.body)), known)

        return answer(request, self.rendered.page((page.etag, shared), draw), position)

    def _document(self, shown: Category) -> bytes:
        base, cards = self._frame.base, shown.products.items
        images = (address for card in cards if (address := self._frame.absolute(card.image)))
        named = ", ".join(card.title for card in cards[:NAMED_MAX])
        head = Head(
            shown.called,
            shortened(f"{shown.called}: {plural(shown.products.total, 'product')}. {named}"),
            category_address(shown.path),
            image=next(images, None),
            image_alt=shown.called,
            data=[breadcrumbs(shown.breadcrumbs, base), item_list(cards, shown.products.total, base)],
        )
        return self._frame.document("category.html", head, category=shown)
