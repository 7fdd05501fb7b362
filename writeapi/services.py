"""What the command service works with; built by the composition root and found at ``request.app.state.services``.

It is the query service's services and the engine: command routes answer with resources, and render them as queries do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from commands.engine import Engine
from domain.catalog.rule import Restriction
from domain.orders.policy import OrderPolicy
from domain.pricing.shipping import ShippingTable
from domain.pricing.tax import TaxTable
from readapi.services import ReadServices
from streams.merchantfeeds.sources import Rules as FeedRules
from streams.money.payments import PaymentProcess
from streams.renditions.places import Places
from writeapi.accounts.secondfactor import Rules
from writeapi.buying.sellers import Sellers
from writeapi.buying.turns import Turns
from writeapi.merchants.restrictions import Restrictions
from writeapi.merchants.uploads import Limits


class States(Protocol):
    async def state(self, stream: str, *, keep_absent: bool = False) -> Any:
        """Of an aggregate."""


class Restricting(Protocol):
    """Where goods may not go, by the rules of the marketplace."""

    async def now(self) -> Sequence[Restriction]: ...


class Quoting(Protocol):
    """All that a quote rests on."""

    @property
    def engine(self) -> States: ...
    @property
    def restrictions(self) -> Restricting: ...
    @property
    def tax(self) -> TaxTable: ...
    @property
    def shipping(self) -> ShippingTable: ...


@dataclass(slots=True)
class WriteServices(ReadServices):
    engine: Engine
    payments: PaymentProcess
    sellers: Sellers
    return_days: int
    """How long after delivery goods can be sent back."""
    restrictions: Restrictions = field(kw_only=True)
    """What may not be sold where."""
    webhooks_private: bool = field(default=False, kw_only=True)
    """Whether webhooks may go into private networks."""
    feed_rules: FeedRules = field(default=FeedRules(), kw_only=True)
    """Where merchants' feeds may come from."""
    uploads: Limits = field(default=Limits(), kw_only=True)
    """What a merchant may have uploaded and not taken up."""
    decoding: Places = field(default_factory=Places, kw_only=True)
    """Of pictures that are taken up."""
    policy: OrderPolicy = field(default=OrderPolicy(), kw_only=True)
    """Of orders that are placed from now on."""
    second_factors: Rules = field(default=Rules(), kw_only=True)
    """What apps call the shop, and who needs one."""
    letters_with_links: bool = field(default=False, kw_only=True)
    """Whether people get letters, in which links lead to the shop."""

    turns: Turns = field(init=False)
    """For orders while too many commands wait."""

    def __post_init__(self) -> None:
        engine = self.engine
        self.turns = Turns(lambda: engine.queue_depth, self.drops.tokens)
        engine.landed.append(self.turns.landed)

    @property
    def backlog(self) -> int:
        """Products whose documents are still to be built, about; where this process builds them."""
        return self.indexer.backlog
