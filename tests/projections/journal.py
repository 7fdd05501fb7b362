"""Transactions as the journal has them."""

from __future__ import annotations

from domain.books.ledger import JOURNAL, LedgerPosted, Posting, Transaction
from domain.recorded import Meta, Recorded


def transaction(number: int, kind: str, *postings: tuple[str, int, str], currency: str = "USD") -> Transaction:
    made = tuple(Posting(*posting) for posting in postings)
    return Transaction(f"pay_{number}/5", number, kind, f"ord_{number}", 1, currency, number, made)


def posted(position: int, *transactions: Transaction) -> Recorded:
    meta = Meta(position, position, "", "", "", "", "", b"")
    return Recorded(position, JOURNAL, position, LedgerPosted(transactions), meta, b"")
