"""Open checkouts that nobody has moved for a while, or whose hour has come, for those who see to it that none stays
where it is."""

from __future__ import annotations

from collections.abc import AsyncIterator

from domain.checkout import saga
from projections.checkouts.projector import CHECKOUT_ROWS, CheckoutRow
from projections.views import Place, Views

PAGE = 500


async def silent_checkouts(views: Views, now: int, silent_ms: int) -> AsyncIterator[tuple[str, CheckoutRow]]:
    """Order ids and rows, the longest silent first; last those that moved in the future, for then a clock was wrong, or
    is now, and waiting until it is right would leave them alone for as long as it was wrong."""
    for begin, end in ((None, now - silent_ms), (Place(now + silent_ms, ""), None)):
        place: Place | None = begin
        while True:
            found = await views.listed(CHECKOUT_ROWS.name, "open", "", limit=PAGE, after=place)
            within = [entry for entry in found if end is None or entry.row.moved_at < end]
            for key, row in within:
                place = Place(row.moved_at, key)
                yield key, row
            if len(within) < PAGE:
                break


async def due_checkouts(views: Views, now: int) -> AsyncIterator[CheckoutRow]:
    """Those that rested until an hour that has come: the review is over, or the money is to be taken."""
    place: Place | None = None
    while True:
        found = await views.listed(CHECKOUT_ROWS.name, "resting", "", limit=PAGE, after=place)
        for key, row in found:
            until = saga.rests_until(row.checkout)
            if until is None or until > now:
                return
            place = Place(until, key)
            yield row
        if len(found) < PAGE:
            return
