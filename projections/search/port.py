"""What the rest of Kontor asks of a product search, whatever engine answers it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from domain.errors import Invalid
from projections.search.document import SearchDocument
from projections.search.ranking import PLAIN, Ranking

Sort = Literal["relevance", "price_asc", "price_desc", "newest", "rating"]

MAX_LIMIT = 100
MAX_OFFSET = 10_000
MAX_TEXT = 500
"""Characters of a search text that are looked at; what follows is dropped."""
MAX_SUGGESTIONS = 10


class BadCursor(Invalid):
    """The cursor was not made by this index for this query."""

    def __init__(self) -> None:
        super().__init__("the cursor does not belong to this search", pointer="/cursor")


class NotTheWriter(RuntimeError):
    """The caller changes an index that another process writes; see ``SearchIndex.try_writer``."""


class SearchFailed(RuntimeError):
    """The engine gave up; the index may be damaged. It is disposable: remove it and let it be rebuilt."""


class SearchUnavailable(SearchFailed):
    """The engine's server cannot be reached, or is spared until it has had time to recover. Nothing is damaged."""


class Rejected(msgspec.Struct, frozen=True):
    """A document that the engine refused and the index therefore lacks, and what it said."""

    product_id: str
    reason: str


class SearchQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A search: words, filters, an order and a window.

    Filters of different facets narrow each other; the values of one facet are alternatives.
    ``cursor`` wins over ``offset``. ``limit`` and ``offset`` are clamped to MAX_LIMIT and MAX_OFFSET.
    """

    text: str = ""
    category: tuple[str, ...] = ()
    """A path from the top; products below it match too."""
    brands: tuple[str, ...] = ()
    sellers: tuple[str, ...] = ()
    """Shop ids."""
    price_min: int | None = None
    price_max: int | None = None
    rating_min: float | None = None
    attributes: dict[str, tuple[str, ...]] = {}
    in_stock: bool | None = None
    ship_to: str | None = None
    """A country of ISO 3166-1 or a part of one, as US-CA. Only what can be sold there; in stock is then what somebody
    has who ships there."""
    sort: Sort = "relevance"
    """Without a text, relevance means newest first."""
    limit: int = 20
    cursor: str | None = None
    offset: int = 0
    loosely: bool = False
    """Whether one word of the text is enough; what has more of them comes first all the same."""


class Bucket(msgspec.Struct, frozen=True):
    """A value of a facet and how many products a shopper would see on choosing it."""

    value: str
    count: int


class Facets(msgspec.Struct, frozen=True):
    """Counts beside a result. A filter narrows every facet but its own.

    ``category``: paths joined by "/": the top level, then the levels down the chosen path, then its children.
    ``price``: "low-high" in minor units, low included and high not; the last one is open: "50000-".
    ``rating``: "4" counts products rated 4 and better. ``availability``: "true" for what is in stock, "false" for what
    is not. ``seller``: shop ids. ``attributes``: name to buckets, most covered name first.
    """

    category: list[Bucket] = []
    brand: list[Bucket] = []
    price: list[Bucket] = []
    rating: list[Bucket] = []
    availability: list[Bucket] = []
    seller: list[Bucket] = []
    attributes: dict[str, list[Bucket]] = {}


class SearchResult(msgspec.Struct, frozen=True):
    """A page of product ids in the order of rank; ``next`` and ``prev`` are cursors, None at the ends."""

    product_ids: list[str]
    total: int
    facets: Facets
    next: str | None = None
    prev: str | None = None


class Reason(msgspec.Struct, frozen=True):
    """A part of a score. ``about``: the words, or what of it counts. ``details`` tell how the part came about: which
    fields the words stand in, which synonyms were found; of these the best counts most, so they do not add up."""

    part: str
    about: str
    score: float
    details: list[Reason] = []


class Explanation(msgspec.Struct, frozen=True):
    """Why a product ranks where it does: reasons whose scores add up to ``score``."""

    product_id: str
    score: float
    reasons: list[Reason]


class Suggestion(msgspec.Struct, frozen=True):
    """A completion of what was typed. ``product_id`` is set for a product only."""

    text: str
    kind: Literal["category", "brand", "product", "search"]
    """``search`` is what others searched for, which no index knows."""
    product_id: str | None = None
    label: str | None = None
    """What a category is called in the reader's language, which no index knows either."""


class Walk(NamedTuple):
    """Through all products, in the order of their ids, to fill an index that is not whole before the end of it."""

    position: int
    """What the index shows at least of those that it has come past."""
    last: str
    """The last of them."""
    code: str
    """A name for what made their documents."""


class Copy(NamedTuple):
    """What an index hands back of a product."""

    kept: Any
    """``SearchDocument.kept``, decoded."""
    description: str


class KeepingIndex(Protocol):
    """An index that is on a server of its own, and can therefore stand in for what is on others.

    Methods show at least what the position promises that was read before. They raise SearchUnavailable.
    """

    def copies(self, product_ids: Sequence[str]) -> dict[str, Copy]:
        """Of those products that the index has with something kept."""

    def categories(self) -> dict[tuple[str, ...], int]:
        """Products in each category and below it."""


class SearchIndex(Protocol):
    """A disposable index of products.

    Any number of processes read it; one of them writes. Nothing is visible before ``commit``. A missing, damaged or
    outdated index counts as empty with position 0, and the log rebuilds it. Where a server keeps the index, every
    method but ``apply`` and ``position`` may wait for it and raise SearchUnavailable.
    """

    at_once: int
    """How many questions it answers best at the same time; with more, all take longer."""

    def try_writer(self) -> bool:
        """Becomes the writer if no other process is; True if this object is the writer now. Never waits for another."""

    def start_over(self) -> None:
        """What follows makes a new index, whatever positions the old one has seen. Raises NotTheWriter.

        An old index that was whole (with a position above 0) stays visible until one is committed for the new one;
        otherwise commits at position 0 show what is there so far.
        """

    def apply(self, upserts: Sequence[SearchDocument], deletes: Sequence[str]) -> None:
        """Buffers changes: deletes first, then upserts. Raises NotTheWriter."""

    def commit(self, position: int, walk: Walk | None = None) -> Sequence[Rejected]:
        """Makes the buffered changes and ``position`` durable and visible. Raises NotTheWriter. ``walk`` is kept with
        position 0.

        Whoever sees the position sees the changes. After an error they may be visible in part; apply them again.
        Tells which documents the engine refused; they are left out until they are applied again.
        """

    def position(self) -> int:
        """The position of the last commit this object sees; 0 for a new index."""

    def walk(self) -> Walk | None:
        """How far the last commit was, while the index is filled; for the writer, and without looking at a server."""

    def search(self, query: SearchQuery, ranking: Ranking = PLAIN, least: int = 0) -> SearchResult:
        """Never raises for any text; BadCursor for a foreign cursor, SearchFailed if the index is damaged. Of fewer
        products than ``least``, which nobody is going to look at, it need not tell more than how many they are."""

    def count(self, query: SearchQuery, ranking: Ranking = PLAIN) -> int:
        """How many products it finds; cheaper than to search."""

    def explain(self, query: SearchQuery, product_ids: Sequence[str], ranking: Ranking = PLAIN) -> list[Explanation]:
        """Of those that the query finds, at most MAX_LIMIT, in the order given; nothing without a text, which ranks
        nothing."""

    def corrected(self, text: str, wanted: Sequence[str] = ()) -> str | None:
        """The text with words that no product has replaced by similar ones that products have; None if there are none.
        Words of products' own titles and of those in the ``wanted`` languages (ranges in lower case, the dearest
        first), of which equally similar ones go first. Never raises for any text."""

    def suggest(self, text: str, limit: int = MAX_SUGGESTIONS, wanted: Sequence[str] = ()) -> list[Suggestion]:
        """Completions of the last word, at most MAX_SUGGESTIONS; of products by their own titles and by those in the
        ``wanted`` languages, each in the one that is wanted most. Never raises for any text."""

    def refresh(self) -> bool:
        """Shows what other processes have committed. Whether something else is shown now, perhaps at the same position:
        another index, or documents that changed without an event, as by a price that begins.

        Raises NotTheWriter in a process that was the writer of the one before.
        """

    def close(self) -> None:
        """Gives up the writer's place; changes not committed are dropped."""
