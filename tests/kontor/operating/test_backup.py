"""``kontor backup``: taken while people buy, and a shop again."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest

from commands.errors import UnusableLog
from kontor.folder import DataFolder
from kontor.operating.backup import files_of, run_backup
from kontor.proving.verifying import verify
from kontor.settings import Settings, load
from tests.e2e.house import in_process
from tests.e2e.market import open_shop
from tests.e2e.shopper import sign_up


async def test_a_backup_that_was_taken_while_people_bought_is_a_shop_again(tmp_path: Path):
    folder, kept = tmp_path / "data", tmp_path / "backups" / "monday"
    async with in_process(folder) as house:
        seller = await open_shop(house.http)
        sku = await seller.sells(stock=50, price=1999)
        buyer = await (await sign_up(house.http)).move_in()
        await buyer.add(sku, shop=seller.shop_id)
        first = (await buyer.buy())["orderId"]
        (folder / "objects" / "pictures").mkdir(parents=True)
        (folder / "objects" / "pictures" / "bed").write_bytes(b"picture")
        selling = asyncio.create_task(go_on(buyer, seller, sku))
        await asyncio.to_thread(run_backup, load(data=folder), kept)
        later = await selling
    assert {path.name for path in kept.iterdir()} == {"log.db", "vault.db", "provider.db", "objects"}
    assert [stat.S_IMODE(path.stat().st_mode) for path in (kept, *files_of(DataFolder(kept)))] == [0o700] + [0o600] * 3
    assert (kept / "objects/pictures/bed").read_bytes() == b"picture"
    assert verify(DataFolder(kept).log).problems == []
    async with in_process(kept) as house:
        buyer.http = seller.shopper.http = house.http
        buyer.position = "0"
        assert (await buyer.read("/api/me"))["addresses"][0]["city"]  # opened with the vault's key
        found = [order["orderId"] for order in (await buyer.read("/api/orders"))["items"]]
        assert first in found
        assert set(found) <= {first, *later}
        another = await (await sign_up(house.http)).move_in()  # of the buyer the provider may know more than the log
        await another.add(sku, shop=seller.shop_id)
        assert (await another.buy())["status"] == "PAID"


async def go_on(buyer, seller, sku: str) -> list[str]:
    orders = []
    for _ in range(5):
        await buyer.add(sku, shop=seller.shop_id)
        orders.append((await buyer.buy())["orderId"])
    return orders


async def test_several_logs_are_copied_after_their_order(tmp_path: Path):
    async with in_process(tmp_path / "data", logs=2) as house:
        await sign_up(house.http)
        run_backup(load(data=house.folder), tmp_path / "kept")
    names = [path.name for path in files_of(DataFolder(tmp_path / "kept"))]
    assert names == ["order.db", "log.db", "log-1.db", "vault.db", "provider.db"]
    async with in_process(tmp_path / "kept") as house:
        assert house.problems() == []


async def test_nothing_is_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    async with in_process(tmp_path / "data"):
        pass
    (tmp_path / "kept").mkdir()
    with pytest.raises(SystemExit, match="2"):
        run_backup(load(data=tmp_path / "data"), tmp_path / "kept")
    assert "name a folder that is to be made" in capsys.readouterr().err
    assert list((tmp_path / "kept").iterdir()) == []
    with pytest.raises(UnusableLog, match="there is no event log"):
        run_backup(load(data=tmp_path / "nowhere"), tmp_path / "other")
    with pytest.raises(SystemExit, match="2"):
        run_backup(Settings(profile="full"), tmp_path / "other")
    assert not (tmp_path / "other").exists()


async def test_what_was_interrupted_is_no_backup(tmp_path: Path):
    async with in_process(tmp_path / "data"):
        pass
    (tmp_path / "data" / "vault.db").write_bytes(b"once upon a time " * 1_000)
    with pytest.raises(UnusableLog, match=r"vault\.db"):
        run_backup(load(data=tmp_path / "data"), tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
    (tmp_path / "data" / "vault.db").unlink()
    run_backup(load(data=tmp_path / "data"), tmp_path / "kept")
    assert not (tmp_path / "kept.part").exists()
