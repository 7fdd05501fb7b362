"""Whether the journal holds every movement of money once, and each of its transactions sums to zero."""

from __future__ import annotations

from typing import Any

from domain.books import ledger
from domain.books.ledger import JOURNAL, Journal
from domain.recorded import Meta
from streams.money.bookkeeping import KINDS, amount_of


class Posted:
    """What the journal of a log says was posted, until the movements themselves are found; hashes, for want of room."""

    def __init__(self) -> None:
        self.upto = 0
        """The journal claims to hold every movement up to this position."""
        self.missing: set[int] = set()
        """Posted, and not found in the log so far."""
        self.early: dict[int, tuple[int, str, str]] = {}
        """Moved in a stream that is walked before the journal: where, and what is wrong if the journal has it not."""

    def unposted(self) -> list[tuple[int, str, str]]:
        """Of those, the ones that the journal should have. Asked once it has been walked."""
        return [moved for moved in self.early.values() if moved[0] <= self.upto]


class LedgerCheck:
    """Walked after the gift cards and before the payments: streams are walked in the order of their names."""

    def __init__(self, posted: Posted) -> None:
        self._posted = posted

    def __call__(self, position: int, event: Any, meta: Meta, before: Journal, after: Journal) -> str | None:
        if not isinstance(event, ledger.LedgerPosted):
            return None
        for one in event.transactions:
            if not ledger.is_balanced(one):
                return f"the transaction of {one.cause} sums to {sum(posting.amount for posting in one.postings)}"
            moved = hash((one.cause, one.kind, one.amount, one.currency))
            if one.position <= self._posted.upto or moved in self._posted.missing:
                return f"the transaction of {one.cause} is posted a second time, or out of order"
            self._posted.upto = one.position
            if self._posted.early.pop(moved, None) is None:
                self._posted.missing.add(moved)
        return None


class BookedCheck:
    """Of one payment, gift card or order: what moved is posted, if the journal has come so far."""

    def __init__(self, stream: str, posted: Posted) -> None:
        self._stream = stream
        self._posted = posted
        self._version = 0

    def __call__(self, position: int, event: Any, meta: Meta, before: Any, after: Any) -> str | None:
        self._version += 1
        kind = KINDS.get(type(event))
        early = self._stream < JOURNAL
        if kind is None or (position > self._posted.upto and not early):
            return None
        amount = amount_of(event)
        moved = hash((f"{self._stream}/{self._version}", kind, amount.amount, amount.currency))
        wrong = f"{amount} {kind}, and the ledger does not have it so"
        if early:
            self._posted.early[moved] = position, self._stream, wrong
            return None
        if moved not in self._posted.missing:
            return wrong
        self._posted.missing.discard(moved)
        return None
