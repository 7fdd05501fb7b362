"""What is in the journal, and what each account comes to."""

from __future__ import annotations

from collections import Counter

from commands.mapper import recorded
from domain.books.ledger import JOURNAL, LedgerPosted, Transaction
from tests.streams.house import House


async def posted(house: House) -> list[Transaction]:
    events = [recorded(row).event for row in await house.log.read_stream(JOURNAL)]
    return [one for event in events if isinstance(event, LedgerPosted) for one in event.transactions]


def balances(transactions: list[Transaction]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for one in transactions:
        for posting in one.postings:
            found[posting.account] += posting.amount
    return {account: amount for account, amount in found.items() if amount}
