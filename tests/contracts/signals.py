"""What any store of signals keeps to. Subclass it and say how to open one, empty."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from itertools import count
from pathlib import Path

from streams.signals.port import DAYS, TOGETHER_MIN, VIEWED_MAX, Asked, SignalStore
from streams.signals.signal import DAY_MS, Kind, Signal

NOW = 20_000 * DAY_MS + 3_600_000
_numbers = count(1)


def opened(session: str, product: str, at: int = NOW, text: str = "") -> Signal:
    return Signal("click", session, at, product, text)


def together(text: str, kind: Kind = "click", at: int = NOW, sessions: int = TOGETHER_MIN) -> list[Signal]:
    """So many people do the same."""
    product = "" if kind == "search" else "prd_1"
    return [Signal(kind, f"s{next(_numbers)}", at, product, text) for _ in range(sessions)]


class SignalStoreContract(ABC):
    @abstractmethod
    def empty(self, folder: Path, counted_max: int = 1_000) -> AbstractAsyncContextManager[SignalStore]:
        """A store where nothing was kept; at most ``counted_max`` steps of a day count."""

    async def test_what_was_viewed_last_comes_first(self, tmp_path: Path) -> None:
        async with self.empty(tmp_path) as store:
            await store.take([opened("ada", "prd_1", NOW), opened("ada", "prd_2", NOW + 1), opened("bob", "prd_3")])
            await store.take([opened("ada", "prd_1", NOW + 2)])
            assert await store.viewed("ada") == ["prd_1", "prd_2"]
            assert await store.viewed("bob") == ["prd_3"]
            assert await store.viewed("nobody") == []

    async def test_only_what_was_opened_was_viewed(self, tmp_path: Path) -> None:
        async with self.empty(tmp_path) as store:
            some = [Signal("cart", "ada", NOW, "prd_1"), Signal("purchase", "ada", NOW, "prd_1")]
            await store.take([*some, Signal("search", "ada", NOW, "", "bed")])
            assert await store.viewed("ada") == []

    async def test_only_so_many_views_are_remembered(self, tmp_path: Path) -> None:
        async with self.empty(tmp_path) as store:
            await store.take([opened("ada", f"prd_{number}", NOW + number) for number in range(VIEWED_MAX + 5)])
            viewed = await store.viewed("ada")
            assert (len(viewed), viewed[0], viewed[-1]) == (VIEWED_MAX, f"prd_{VIEWED_MAX + 4}", "prd_5")

    async def test_a_session_is_forgotten(self, tmp_path: Path) -> None:
        async with self.empty(tmp_path) as store:
            await store.take([opened("ada", "prd_1"), opened("bob", "prd_1")])
            await store.forget("ada")
            assert (await store.viewed("ada"), await store.viewed("bob")) == ([], ["prd_1"])

    async def test_searches_are_told_by_how_many_they_led_somewhere(self, tmp_path: Path) -> None:
        async with self.empty(tmp_path) as store:
            await store.take([*together("bed", "search", sessions=7), *together("bed"), *together("rug", sessions=5)])
            await store.take([*together("lamp", "cart"), *together("pen", "search", sessions=9)])
            assert await store.asked(NOW) == [Asked("rug", 0, 5), Asked("bed", 7, 3), Asked("lamp", 0, 3)]

    async def test_what_few_did_is_told_to_nobody(self, tmp_path: Path) -> None:
        async with self.empty(tmp_path) as store:
            for day in range(3):
                await store.take(together("my own name", at=NOW - day * DAY_MS, sessions=TOGETHER_MIN - 1))
            assert await store.asked(NOW) == []

    async def test_a_session_counts_once_a_day_for_each_step(self, tmp_path: Path) -> None:
        async with self.empty(tmp_path) as store:
            again = [opened("ada", f"prd_{number}", text="bed") for number in range(5)]
            for _ in range(2):
                await store.take([*again, Signal("purchase", "ada", NOW, "prd_1", "bed")])
            assert await store.asked(NOW) == []
            await store.take(together("bed", sessions=2))
            assert await store.asked(NOW) == [Asked("bed", 0, 3)]
            await store.take([opened("ada", "prd_1", NOW + DAY_MS, "bed")])
            assert await store.asked(NOW + DAY_MS) == [Asked("bed", 0, 4)]

    async def test_what_is_long_ago_counts_no_more(self, tmp_path: Path) -> None:
        async with self.empty(tmp_path) as store:
            await store.take(together("bed"))
            assert len(await store.asked(NOW + (DAYS - 1) * DAY_MS)) == 1
            assert await store.asked(NOW + DAYS * DAY_MS) == []

    async def test_a_day_has_an_end(self, tmp_path: Path) -> None:
        async with self.empty(tmp_path, counted_max=4) as store:
            await store.take([*together("bed"), *together("rug")])
            assert await store.asked(NOW) == [Asked("bed", 0, 3)]
            await store.take(together("lamp", at=NOW + DAY_MS))
            assert [one.text for one in await store.asked(NOW + DAY_MS)] == ["bed", "lamp"], "the next day counts again"
