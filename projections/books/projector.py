"""Books: what the log knows of each order's money, for reconciling it with the provider's account.

Folded from the order and its payment, so by one follower in log order, and only when somebody reconciles.
"""

from __future__ import annotations

from collections.abc import Sequence

from domain.books import orderbooks
from domain.books.orderbooks import Books
from domain.recorded import Recorded
from projections.projector import Index, Projection, Table, ViewRow


class BookRow(ViewRow, frozen=True):
    books: Books


def fold(row: BookRow | None, recorded: Recorded) -> BookRow:
    return BookRow(orderbooks.evolve(row.books if row else Books(), recorded))


def order_of(recorded: Recorded) -> Sequence[str]:
    """An order and its payment carry the same number."""
    return ("ord_" + recorded.stream.partition("_")[2],)


BOOK_ROWS = Table(
    name="books",
    row=BookRow,
    folds=dict.fromkeys(orderbooks.EVOLUTIONS, fold),
    keys=order_of,
    indexes={
        "moved": Index(lambda key, row: "all", lambda key, row: row.books.moved_at),
        "disputed": Index(lambda key, row: "open" if row.books.disputes else None),
    },
)
BOOKS = Projection("books", 2, (BOOK_ROWS,))
