"""What readers may expect of the views, whatever store keeps them. Subclass it and say how to open one and to fold."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

import pytest

from domain.decider import Event
from domain.recorded import Meta, Recorded
from projections.projector import Index, Projection, Table, ViewRow
from projections.views import Place, Views


class Said(Event, frozen=True):
    text: str


class Gone(Event, frozen=True):
    pass


class Row(ViewRow, frozen=True):
    texts: tuple[str, ...]


TALK_ROWS = Table(
    name="talk",
    row=Row,
    folds={
        Said: lambda row, recorded: Row((*(row.texts if row else ()), recorded.event.text + "")),
        Gone: lambda row, recorded: None,
    },
    indexes={
        "last": Index(lambda key, row: None if row.texts[-1] == "hidden" else row.texts[-1]),
        "length": Index(lambda key, row: key[:1], lambda key, row: len("".join(row.texts))),
    },
    prefixes=frozenset({"a"}),
)
TALK = Projection("talk", 1, (TALK_ROWS,))


def said(position: int, stream: str, text: str | None, version: int = 0) -> Recorded:
    event: Event = Gone() if text is None else Said(text)
    return Recorded(position, stream, version or position, event, Meta(0, 0, "", "", "", "", "", b""), b"")


class Folding(Protocol):
    """Views, and the way in: events folded and written."""

    views: Views

    async def fold(self, events: Sequence[Recorded]) -> None: ...


class ViewsContract(ABC):
    @abstractmethod
    def open(self, folder: Path) -> AbstractAsyncContextManager[Folding]:
        """Empty views of TALK."""

    @pytest.fixture
    async def talk(self, tmp_path: Path) -> AsyncIterator[Folding]:
        async with self.open(tmp_path) as opened:
            yield opened

    async def test_rows_by_key(self, talk: Folding):
        await talk.fold([said(1, "a", "1"), said(2, "b", "2"), said(3, "a", "3")])
        assert await talk.views.get_many("talk", ["a", "b", "c"]) == {"a": Row(("1", "3")), "b": Row(("2",))}
        assert await talk.views.get("talk", "b") == Row(("2",))
        assert await talk.views.get("talk", "c") is None
        assert await talk.views.get_many("talk", []) == {}

    async def test_no_row_has_an_empty_key(self, talk: Folding):
        await talk.fold([said(1, "a", "1")])
        assert await talk.views.get("talk", "") is None
        assert await talk.views.get_many("talk", ["", "a"]) == {"a": Row(("1",))}

    async def test_a_row_goes_on_in_the_next_batch(self, talk: Folding):
        await talk.fold([said(1, "a", "1")])
        await talk.fold([said(2, "a", "2"), said(3, "b", "x")])
        assert await talk.views.get("talk", "a") == Row(("1", "2"))

    async def test_a_row_that_is_gone_stands_in_no_list(self, talk: Folding):
        await talk.fold([said(1, "a", "1"), said(2, "b", "1")])
        await talk.fold([said(3, "a", None)])
        assert await talk.views.get("talk", "a") is None
        assert await self._keys(talk, "last", "1") == ["b"]
        assert await talk.views.count("talk", "last", "1") == 1
        await talk.fold([said(4, "a", "1")])
        assert await talk.views.get("talk", "a") == Row(("1",)), "it begins anew"
        assert await self._keys(talk, "last", "1") == ["a", "b"]

    async def test_a_row_moves_from_list_to_list(self, talk: Folding):
        await talk.fold([said(1, "a", "1"), said(2, "b", "1")])
        await talk.fold([said(3, "a", "2"), said(4, "b", "hidden")])
        assert await talk.views.counts("talk", "last") == {"2": 1}
        assert await self._keys(talk, "last", "1") == []
        assert await self._keys(talk, "last", "2") == ["a"]

    async def test_lists_go_by_order_and_then_by_key(self, talk: Folding):
        texts = {"ka": "xx", "kb": "x", "kc": "xx", "kd": "xxx", "other": "x"}
        await talk.fold([said(n, key, text) for n, (key, text) in enumerate(texts.items(), 1)])
        assert await self._keys(talk, "length", "k") == ["kb", "ka", "kc", "kd"]
        assert await self._keys(talk, "length", "k", backwards=True) == ["kd", "kc", "ka", "kb"]
        assert await self._keys(talk, "length", "k", limit=2) == ["kb", "ka"]
        assert await self._keys(talk, "length", "k", after=Place(2, "ka")) == ["kc", "kd"]
        assert await self._keys(talk, "length", "k", after=Place(2, "ka"), backwards=True) == ["kb"]
        assert await self._keys(talk, "length", "k", after=Place(2, "kbb"), limit=1) == ["kc"], "a row that went"
        entries = await talk.views.listed("talk", "length", "k", limit=1)
        assert entries[0].row == Row(("x",))

    async def test_lists_without_an_order_go_by_key(self, talk: Folding):
        await talk.fold([said(n, key, "1") for n, key in enumerate("dacb", 1)])
        assert await self._keys(talk, "last", "1") == list("abcd")
        assert await self._keys(talk, "last", "1", after=Place(0, "b")) == ["c", "d"]
        assert await self._keys(talk, "last", "1", after=Place(0, "b"), backwards=True) == ["a"]

    async def test_the_lists_of_several_owners(self, talk: Folding):
        await talk.fold([said(1, "a", "1"), said(2, "b", "2"), said(3, "c", "1")])
        listed = await talk.views.listed_all("talk", "last", ["1", "2", "3"])
        assert {owner: [key for key, _ in entries] for owner, entries in listed.items()} == {
            "1": ["a", "c"], "2": ["b"], "3": [],
        }  # fmt: skip

    async def test_counts(self, talk: Folding):
        await talk.fold([said(1, "a", "1"), said(2, "b", "2"), said(3, "c", "1")])
        assert await talk.views.count("talk", "last", "1") == 2
        assert await talk.views.count("talk", "last", "nobody") == 0
        assert await talk.views.counts("talk", "last") == {"1": 2, "2": 1}

    async def test_owners_and_keys_of_any_text(self, talk: Folding):
        odd = 'it\'s "odd":%*[x]\x1f ü'
        await talk.fold([said(1, odd, odd)])
        assert await talk.views.get("talk", odd) == Row((odd,))
        assert await self._keys(talk, "last", odd) == [odd]
        assert await talk.views.counts("talk", "last") == {odd: 1}

    async def _keys(self, talk: Folding, index: str, owner: str, limit: int = 100, **more: Any) -> list[str]:
        return [key for key, _ in await talk.views.listed("talk", index, owner, limit=limit, **more)]
