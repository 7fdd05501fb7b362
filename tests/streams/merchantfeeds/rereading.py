"""A feed's copy, read as after crashes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from domain.sellers.feedterms import FeedTerms
from streams.merchantfeeds.reading import Place, Reader
from streams.merchantfeeds.rows import Line


def batches(spool: Path, terms: FeedTerms, most: int, cut_off: bool) -> Iterator[tuple[Reader, list[Line]]]:
    """Of so many rows each and the last of fewer, by a reader that is made anew for each."""
    place = Place()
    while True:
        reader = Reader(spool, terms, "USD", place, cut_off)
        try:
            found = reader.rows(most)
        finally:
            reader.close()
        assert reader.place >= place
        place = reader.place
        yield reader, found
        if len(found) < most:
            return


def read_on(spool: Path, terms: FeedTerms, most: int, cut_off: bool) -> list[Line]:
    """All rows."""
    return [*chain.from_iterable(found for _, found in batches(spool, terms, most, cut_off))]
