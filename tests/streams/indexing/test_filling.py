"""An index that is filled with all products, in several lives."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from domain.catalog.product import ChangeProduct, Description
from projections.search.document import SearchDocument
from projections.search.port import SearchQuery
from projections.search.tantivy_index import TantivyIndex
from streams.indexing import indexer
from streams.indexing.assembly import OnSale
from streams.indexing.documents import document
from streams.indexing.indexer import Indexer
from tests.streams.indexing.shop import NOW, process, product


async def test_an_index_that_was_ended_half_way_is_filled_on_by_the_same_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(indexer, "REBUILD_COMMIT_S", 0.0)
    monkeypatch.setattr(indexer, "BATCH", 10)
    async with process(tmp_path) as shop:
        position = await shop.do(*(product(number) for number in range(50)))
        await shop.ids_found(position=position)

        async def filled(code: str, most: int | None = None) -> list[str]:
            """What was described, in an index beside it; ended after so many, or when it was whole."""
            index, described = TantivyIndex(tmp_path / "beside"), list[str]()

            def describe(one: OnSale) -> SearchDocument:
                described.append(one.product_id)
                if len(described) == most:
                    beside._closing = True
                return document(one)

            beside = Indexer(shop.log, shop.views, index, lambda: NOW, describe, code)
            await beside.start()
            if most is not None:
                assert beside._task is not None
                await beside._task
            else:
                assert await beside.wait_for(await shop.log.head(), 10)
                assert index.search(SearchQuery()).total == 50
                assert index.search(SearchQuery(text="wardrobe")).total == 1
            await beside.close()
            index.close()
            return described

        first = await filled("today", 25)
        await shop.ids_found(position=await shop.do(ChangeProduct("prd_0", Description("wardrobe"))))
        then = await filled("today")
        assert len(first) == 30, "to the end of a page"
        assert sorted({*first, *then}) == sorted(f"prd_{number}" for number in range(50))
        assert sorted(set(first) & set(then)) == ["prd_0"], "which had changed meanwhile"
        shutil.rmtree(tmp_path / "beside")
        await filled("yesterday", 25)
        assert len(set(await filled("today"))) == 50, "by another code, all of it"
