"""The benchmark of prices sees each older one that is shown after a newer, and fails; how fast is not asked here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from kontor.bench import prices
from kontor.bench.client import Answer
from kontor.bench.prices import PricesSeen, Reader


class Pages:
    """A service that shows these prices, one after the other, whatever is asked for."""

    def __init__(self, *amounts: int) -> None:
        self.amounts: Iterator[int] = iter(amounts)

    async def get(self, path: str) -> Answer:
        shown = {"productId": "prd_1", "price": {"amount": next(self.amounts), "currency": "USD"}, "title": "Bed"}
        return Answer(200, msgspec.json.encode({"items": [shown]} if "?" in path else shown))


class Slow(Pages):
    """While it answers, somebody else is shown something."""

    def __init__(self, amount: int, other: Reader) -> None:
        super().__init__(amount)
        self.other = other

    async def get(self, path: str) -> Answer:
        answer = await super().get(path)
        await self.other.page("prd_1")
        return answer


async def test_a_connection_that_is_shown_an_older_price_is_counted() -> None:
    shown = PricesSeen()
    reader = Reader(Pages(7, 9, 8, 9, 10), shown)  # type: ignore[arg-type]
    assert [await reader.page("prd_1"), *(await reader.listed()).values()] == [7, 9]
    assert (shown.older_on_a_connection, shown.older_across_connections) == (0, 0)
    assert [await reader.page("prd_1"), *(await reader.listed()).values(), await reader.page("prd_1")] == [8, 9, 10]
    assert (shown.older_on_a_connection, shown.older_across_connections, shown.prices) == (1, 1, 5)


async def test_so_is_one_who_asks_after_another_was_shown_a_newer() -> None:
    shown = PricesSeen()
    first, second = Reader(Pages(9), shown), Reader(Pages(8), shown)  # type: ignore[arg-type]
    await first.page("prd_1")
    await second.page("prd_1")
    assert (shown.older_on_a_connection, shown.older_across_connections) == (0, 1)


async def test_who_had_asked_before_may_still_be_shown_the_older() -> None:
    shown = PricesSeen()
    other = Reader(Pages(9), shown)  # type: ignore[arg-type]
    assert await Reader(Slow(8, other), shown).page("prd_1") == 8  # type: ignore[arg-type]
    assert (shown.older_on_a_connection, shown.older_across_connections) == (0, 0)


async def test_an_answer_that_is_no_page_ends_it() -> None:
    class Busy(Pages):
        async def get(self, path: str) -> Answer:
            return Answer(503, b"busy", 1)

    with pytest.raises(RuntimeError, match="503"):
        await Reader(Busy(), PricesSeen()).page("prd_1")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", prices.OLDER)
async def test_it_fails_if_an_older_price_was_shown(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def measured(seconds: float) -> dict[str, Any]:
        return dict.fromkeys(prices.OLDER, 0) | {kind: 1}

    monkeypatch.setattr(prices, "_embedded", measured)
    with pytest.raises(SystemExit) as ended:
        await prices.run()
    assert ended.value.code == 1


@pytest.mark.slow
async def test_prices_change_while_others_buy_and_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, few in (("READERS", 2), ("BUYERS", 1), ("MERCHANTS", 1), ("WARM_UP_S", 0.2)):
        monkeypatch.setattr(prices, name, few)
    figures = await prices.run("--seconds", "1")
    assert figures["changes"] > 0
    assert {"page_p99_ms", "list_p99_ms", "found_p99_ms", "target_p99_ms"} <= figures.keys()
    assert figures["reads_per_s"] > 0
