"""Which purchases a cancellation takes back, where the data does not say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from kontor.pastorders.story import Cancellation, Good, Purchase, Return, Story


@dataclass
class Bought:
    """A purchase and what of it was not taken back so far."""

    purchase: str
    packed_at: int
    delivered_at: int
    left: dict[Good, int]
    prices: dict[Good, int]
    returned: dict[Good, int] = field(default_factory=dict)

    def take(self, at: int, good: Good, units: int) -> bool:
        """Whether it is a return. What comes back by parcel had left by one, so it stays among the dispatched."""
        if at < self.packed_at:
            self.left[good] -= units
            if not self.left[good]:
                del self.left[good]
            return False
        self.returned[good] = self.returned.get(good, 0) + units
        return True

    def available(self, good: Good) -> int:
        return self.left.get(good, 0) - self.returned.get(good, 0)


class TakingBack:
    """Rows of one cancellation are gathered by purchase: what was bought together is sent back together."""

    def __init__(self, story: Story) -> None:
        self._story = story
        self._purchases: dict[str, Bought] = {}
        self._of: dict[tuple[str, Good], list[Bought]] = defaultdict(list)
        self._together: dict[tuple[int, str, str, bool], dict[Good, int]] = {}

    def purchases(self) -> Iterable[Bought]:
        return self._purchases.values()

    def bought(self, purchase: Purchase, packed_at: int, delivered_at: int) -> None:
        prices = {line.good: line.price for line in purchase.lines}
        units = {line.good: line.quantity for line in purchase.lines}
        self._purchases[purchase.key] = known = Bought(purchase.key, packed_at, delivered_at, units, prices)
        for good in units:
            self._of[purchase.buyer, good].append(known)

    def take(self, at: int, invoice: str, row: str, buyer: str, good: Good, units: int, price: int) -> None:
        """From the newest purchases at this price; units that none of them has left are refused."""
        rest = units
        for known in reversed(self._of[buyer, good]):
            some = min(rest, known.available(good)) if known.prices[good] == price else 0
            if some:
                rest -= some
                returned = known.take(at, good, some)
                # Between packing and delivery there is nothing to be sent back yet.
                when = max(at, known.delivered_at) if returned else at
                together = self._together.setdefault((when, invoice, known.purchase, returned), {})
                together[good] = together.get(good, 0) + some
        if rest:
            reason, detail = self._why_not(buyer, good, rest, units)
            self._story.refuse(row, reason, detail, Decimal(-rest * price) / 100, rest)

    def close(self) -> None:
        """The cancellation has no more rows."""
        for (at, invoice, purchase, returned), units in self._together.items():
            made = Return if returned else Cancellation
            self._story.deeds.append(made(at, f"{invoice} {purchase}", purchase, units))
        self._together.clear()

    def _why_not(self, buyer: str, good: Good, rest: int, units: int) -> tuple[str, str]:
        before = self._of[buyer, good]
        if not before:
            return "never_bought", f"customer {buyer} had not bought {good[1]} in this data"
        if any(known.available(good) for known in before):
            return "bought_at_another_price", f"{rest} of {units} units of {good[1]} were not bought at this price"
        return "more_than_bought", f"{rest} of {units} units of {good[1]} had not been bought, or came back before"
