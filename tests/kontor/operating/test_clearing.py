"""``kontor clear-views`` on one machine: what is derived goes, what is true stays, and is folded anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kontor import console
from kontor.folder import DataFolder
from kontor.operating.clearing import cleared, run_clear
from kontor.settings import load
from tests.e2e.house import House, in_process
from tests.e2e.market import Seller, open_shop
from tests.e2e.shopper import Shopper, problem, sign_up


async def bought(house: House, buyer: Shopper, seller: Seller, sku: str) -> str:
    await buyer.add(sku, shop=seller.shop_id)
    order = await buyer.buy()
    return str(order["orderId"])


async def test_an_older_log_serves_again(tmp_path: Path):
    folder, backup = tmp_path / "data", tmp_path / "backup"
    async with in_process(folder) as house:
        seller = await open_shop(house.http)
        sku = await seller.sells(stock=10, price=1999)
        buyer = await (await sign_up(house.http)).move_in()
        kept = await bought(house, buyer, seller, sku)
    shutil.copytree(folder, backup)
    async with in_process(folder) as house:
        buyer.http = seller.shopper.http = house.http
        lost = await bought(house, buyer, seller, sku)
    for file in folder.glob("log.db*"):
        file.unlink()
    for file in backup.glob("log.db*"):
        shutil.copy(file, folder)
    printed = await cleared(load(data=folder))
    assert f"{folder / 'views.db'} deleted" in printed
    assert f"{folder / 'search'} deleted" in printed
    assert {"log.db", "vault.db", "provider.db"} <= {path.name for path in folder.iterdir()}
    async with in_process(folder) as house:
        buyer.http = seller.shopper.http = house.http
        buyer.position = "0"
        assert [order["orderId"] for order in (await buyer.read("/api/orders"))["items"]] == [kept]
        problem(await buyer.send("GET", f"/api/orders/{lost}"), 404, "not_found")
        found = (await house.http.get("/api/products", params={"q": sku})).json()["items"]
        assert len(found) <= 1
        await bought(house, buyer, seller, sku)


async def test_doing_it_again_finds_nothing(tmp_path: Path):
    async with in_process(tmp_path):
        pass
    assert await cleared(load(data=tmp_path)) != []
    assert await cleared(load(data=tmp_path)) == []
    assert DataFolder(tmp_path).log.exists()


def test_nobody_who_can_be_asked_is_no(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "views.db").write_bytes(b"")
    with pytest.raises(SystemExit, match="2"):
        run_clear(load(data=tmp_path), agreed=False)
    assert "--yes" in capsys.readouterr().err
    assert (tmp_path / "views.db").exists()


def test_a_no_deletes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "views.db").write_bytes(b"")
    monkeypatch.setattr(console, "confirmed", lambda question: False)
    with pytest.raises(SystemExit, match="1"):
        run_clear(load(data=tmp_path), agreed=False)
    assert (tmp_path / "views.db").exists()


def test_a_folder_that_is_not_there_is_told_before_anybody_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="1"):
        run_clear(load(data=tmp_path / "nowhere"), agreed=False)
    assert "there is no data folder" in capsys.readouterr().err
