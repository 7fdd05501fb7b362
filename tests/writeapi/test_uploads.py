"""What a merchant may have uploaded and not taken up."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from readapi.edge.problems import ProblemError
from streams.objects.folder import FolderObjects
from streams.objects.port import LEFT_S, Upload
from writeapi.merchants.uploads import GIVEN_UP_S, Limits, permit, uploaded

LIMITS = Limits(files=3, size=1_000)
OWNER = "usr_1"


class House:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = float(int(time.time()))
        self.objects = FolderObjects(folder, b"secret", lambda: self.now)

    async def permit(self, name: str, size: int = 100, owner: str = OWNER) -> Upload:
        made = await permit(self.objects, LIMITS, owner, name, "image/png", size)
        self._stamp(f"{owner}.{name}.{size}")
        return made

    async def send(self, name: str, body: bytes, size: int = 100) -> None:
        await self.objects.put(f"uploads/{OWNER}.{name}.{size}", body, "image/png")
        self._stamp(f"{OWNER}.{name}.{size}")

    def _stamp(self, name: str) -> None:
        """Files are of this clock's time, not of the machine's."""
        os.utime(self.folder / "uploads" / name, (self.now, self.now))

    async def refused(self, name: str, size: int = 100) -> int:
        """Seconds after which it is worth another try."""
        with pytest.raises(ProblemError) as refusal:
            await self.permit(name, size)
        assert (refusal.value.code, "take them up" in refusal.value.detail) == ("rate_limited", True)
        return int(refusal.value.headers["Retry-After"])


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_so_many_may_wait_and_no_more(house: House) -> None:
    for name in "abc":
        await house.permit(name)
    assert await house.refused("d") == GIVEN_UP_S
    await house.permit("d", owner="usr_12")
    await house.objects.delete("uploads/usr_1.a.100")
    await house.permit("d")


async def test_bytes_count_as_they_were_said_and_then_as_they_came(house: House) -> None:
    await house.permit("a", 900)
    await house.refused("b", 101)
    await house.send("a", b"x" * 300, 900)
    await house.permit("b", 700)
    await house.refused("c", 1)


async def test_a_permission_that_nobody_used_runs_out(house: House) -> None:
    for name in "abc":
        await house.permit(name)
    house.now += GIVEN_UP_S - 1
    assert await house.refused("d") == 1
    house.now += 1
    await house.permit("d")
    assert [one.key for one in await house.objects.listed("uploads/usr_1.", 9)] == ["uploads/usr_1.d.100"]


async def test_what_was_uploaded_counts_until_it_is_deleted(house: House) -> None:
    for name in "abc":
        await house.permit(name)
        await house.send(name, b"x")
    house.now += GIVEN_UP_S
    assert await house.refused("d") == LEFT_S - GIVEN_UP_S


async def test_only_what_came_was_uploaded(house: House) -> None:
    await house.permit("a")
    assert await uploaded(house.objects, OWNER, "a") is None
    await house.send("a", b"x")
    assert await uploaded(house.objects, OWNER, "a") == "uploads/usr_1.a.100"
    assert await uploaded(house.objects, "usr_2", "a") is None
