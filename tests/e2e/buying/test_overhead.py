"""What a purchase costs when nothing else shares its commits."""

from __future__ import annotations

from commands.batch import Batch
from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper

EVENTS_MAX = 12
COMMITS_MAX = 6


async def test_a_purchase_is_few_events_and_few_commits(house: House, seller: Seller, shopper: Shopper):
    """From the order to paid, with its posting in the ledger."""
    await shopper.add(await seller.sells())
    await house.head()
    batches: list[Batch] = []
    house.services.engine.landed.append(lambda batch, seconds: batches.append(batch))
    assert (await shopper.buy())["status"] == "PAID"
    await house.head()
    written = [batch for batch in batches if batch.events]
    names = [type(event.event).__name__ for batch in written for event in batch.events]
    assert "LedgerPosted" in names
    assert len(names) <= EVENTS_MAX, names
    assert len(written) <= COMMITS_MAX
