"""Rows of a table that are variants of one product."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.sellers.feedterms import FeedTerms
from streams.merchantfeeds.reading import Place, Reader
from streams.merchantfeeds.run import key_of
from streams.merchantfeeds.sources import SourceFailed

TERMS = FeedTerms("products", "file:beds", "csv")
HEAD = "externalId,sku,title,axis.width,axis.colour,attribute.material\n"


def rows_of(folder: Path, text: str) -> list[object]:
    spool = folder / "beds"
    spool.write_text(text)
    reader = Reader(spool, TERMS, "USD", Place(), cut_off=False)
    try:
        return [line.data for line in reader.rows(100)]
    finally:
        reader.close()


def test_what_variants_differ_by_is_their_own(tmp_path: Path):
    wide, plain = rows_of(tmp_path, HEAD + "oak,OAK-160,Oak bed,160,,oak\npine,PINE,Pine bed,,,\n")
    assert wide == {
        "externalId": "oak",
        "title": "Oak bed",
        "attributes": {"material": "oak"},
        "variants": [{"sku": "OAK-160", "attributes": {"width": "160"}}],
        "axes": ["width"],
    }
    assert plain == {"externalId": "pine", "title": "Pine bed", "variants": [{"sku": "PINE"}]}


def test_each_row_of_a_family_is_remembered_by_itself(tmp_path: Path):
    rows = rows_of(tmp_path, HEAD + "oak,OAK-160,Oak bed,160,,\noak,OAK-180,Oak bed,180,,\npine,PINE,Pine,,,\n")
    first, second, alone = map(key_of, rows)
    assert first != second
    assert alone == "pine"


@pytest.mark.parametrize("head", ["sku,title,axis.width\n", "externalId,title,axis.width\n"])
def test_a_family_has_a_name_and_its_variants_skus(tmp_path: Path, head: str):
    with pytest.raises(SourceFailed, match="rows of one have its externalId, each a sku"):
        rows_of(tmp_path, head)


def test_an_axis_without_a_name_is_none(tmp_path: Path):
    with pytest.raises(SourceFailed, match=r"no field 'axis\.'"):
        rows_of(tmp_path, "externalId,sku,title,axis.\n")
