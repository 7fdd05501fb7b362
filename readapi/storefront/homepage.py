"""The front page: where to begin."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from projections.views import ViewsUnavailable
from readapi.caching.cdn import CATEGORIES, PRODUCTS
from readapi.catalogue import cards, listing, names, tree
from readapi.edge.degraded import is_degraded
from readapi.productquery import parse
from readapi.reading import reading_of
from readapi.storefront import answers
from readapi.storefront.answering import answer
from readapi.storefront.frame import CacheTerms, Frame, Head
from readapi.storefront.rendered import Drawn, Rendered

SHOWN = 10
LOOKED_AT = 30
"""Of what sells: some of it may be sold out."""
CHIPS = 6
SEARCHES = ("laptop", "usb-c cable", "monitor", "headphones", "toner")
"""Until shoppers have searches of their own (``static/shop/home.js``)."""
NEWEST = b"inStock=true&sort=newest&limit=10"
"""As the scripts ask for it, so that both are found at once."""
VARY = (b"vary", b"Accept")


class HomePages:
    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self.rendered = Rendered()

    async def show(self, request: Request) -> Response:
        """Raises what the API raises for its parts."""
        reading = reading_of(request)
        categories, position = await tree(request)
        named = await names(request)
        body, tag = named.tree(categories) if named else (categories.body, categories.etag)
        newest = await listing(request, parse(NEWEST), NEWEST)
        popular = [card.body for card in await cards(request, await _popular(request))]
        searches = reading.popular_searches.texts()[:CHIPS] or SEARCHES
        parts = (body, newest.body, popular, searches)
        position = min(position, newest.position)
        if is_degraded(request):
            drawn = self._document(*parts)
            return answer(request, Drawn(drawn, "", (*self._frame.passing(drawn, newest.languages), VARY)), position)
        shared = reading.pages.may_be_shared(newest.product_ids)
        known = CacheTerms((CATEGORIES, PRODUCTS, *newest.product_ids), newest.languages, shared)

        def draw() -> Drawn:
            return self._frame.drawn(self._document(*parts), known, VARY)

        made_of = (tag, newest.body, *popular, searches, shared)
        return answer(request, self.rendered.page(made_of, draw), position)

    def _document(self, tree: bytes, newest: bytes, popular: list[bytes], searches: tuple[str, ...]) -> bytes:
        name, nodes = self._frame.name, answers.tree(tree).items
        sells = [card for card in map(answers.card, popular) if card.in_stock][:SHOWN]
        fresh = answers.listing(newest).items
        images = (address for card in (*sells, *fresh) if (address := self._frame.absolute(card.image)))
        head = Head(name, f"{name}: many sellers, one cart.", "/", image=next(images, None), image_alt=name)
        known = sum(node.count for node in nodes)
        return self._frame.document(
            "home.html", head, nodes=nodes, known=known, sells=sells, fresh=fresh, searches=searches
        )


async def _popular(request: Request) -> list[str]:
    """What sells; nothing while nobody knows."""
    try:
        popular = await reading_of(request).affinities.popular(0)
    except ViewsUnavailable:
        return []
    return popular.within(())[:LOOKED_AT]
