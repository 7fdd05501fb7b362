"""A capture, and what is posted of it."""

from __future__ import annotations

from domain.books.ledger import CUSTOMER, PROVIDER, Posting, Transaction
from domain.recorded import Meta

META = Meta(0, 0, "", "", "", "", "", b"")
POSTINGS = (Posting(PROVIDER, 500, "payment"), Posting(CUSTOMER, -500, "payment"))
CAPTURED = Transaction("pay_1/3", 7, "captured", "ord_1", 500, "USD", 1, POSTINGS)
