from __future__ import annotations

import json
from collections import Counter

import pytest

from kontor.catalog import sample
from scripts import build_sample

PRODUCTS = list(sample.products())
OFFERS = list(sample.offers())
STOCK = list(sample.stock())
SHOPS = {shop["shopKey"]: shop for shop in sample.shops()}


def test_the_sample_is_as_large_as_its_licence_allows():
    assert len(PRODUCTS) == build_sample.PRODUCTS_MAX == 2_000
    assert [sample.count(name) for name in sample.NAMES] == [len(PRODUCTS), len(OFFERS), len(STOCK)]
    source = (sample.folder() / "SOURCE.md").read_text(encoding="utf-8")
    assert "Icecat" in source
    assert "Open Content License" in source
    assert f"| products.ndjson.gz | {len(PRODUCTS):,} |" in source
    assert f"| offers.ndjson.gz | {len(OFFERS):,} |" in source


def test_products_are_spread_over_the_categories():
    sizes = Counter(tuple(product["category"]) for product in PRODUCTS)
    assert len(sizes) > 60
    assert max(sizes.values()) < 0.05 * len(PRODUCTS)
    assert sizes["Other",] < 0.03 * len(PRODUCTS)


def test_ids_and_skus_are_unique():
    assert len({product["externalId"] for product in PRODUCTS}) == len(PRODUCTS)
    skus = [variant["sku"] for product in PRODUCTS for variant in product["variants"]]
    assert len(set(skus)) == len(skus) == len(PRODUCTS)


def test_every_product_is_offered_and_every_offer_has_stock():
    skus = {variant["sku"] for product in PRODUCTS for variant in product["variants"]}
    offered = {(offer["sku"], offer["shopKey"]) for offer in OFFERS}
    assert {sku for sku, _ in offered} == skus
    assert {(row["sku"], row["shopKey"]) for row in STOCK} == offered
    assert {shop for _, shop in offered} == set(SHOPS)
    assert len(offered) == len(OFFERS) == len(STOCK)


def test_shops_differ_and_share_a_currency():
    assert len(SHOPS) == 3
    assert {shop["currency"] for shop in SHOPS.values()} == {"USD"}
    sizes = Counter(offer["shopKey"] for offer in OFFERS)
    assert len(set(sizes.values())) == 3
    prices: dict[str, set[int]] = {}
    for offer in OFFERS:
        prices.setdefault(offer["sku"], set()).add(offer["price"]["amount"])
    assert sum(len(each) > 1 for each in prices.values()) > 1_000


def test_prices_are_whole_cents_below_their_list_price():
    for offer in OFFERS:
        assert type(offer["price"]["amount"]) is int
        assert offer["price"]["amount"] > 0
        assert offer["price"]["currency"] == SHOPS[offer["shopKey"]]["currency"]
        if "listPrice" in offer:
            assert offer["listPrice"]["amount"] >= offer["price"]["amount"]
    assert any("listPrice" in offer for offer in OFFERS)


def test_some_things_are_sold_out_and_some_nearly():
    quantities = [row["quantity"] for row in STOCK]
    assert all(type(quantity) is int and quantity >= 0 for quantity in quantities)
    assert 0.02 < sum(quantity == 0 for quantity in quantities) / len(quantities) < 0.10
    assert 0.05 < sum(0 < quantity < 5 for quantity in quantities) / len(quantities) < 0.15


@pytest.mark.slow
def test_the_sample_is_what_the_script_makes_of_the_records(shared_data, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("KONTOR_SHARED", str(shared_data))
    monkeypatch.setattr(build_sample, "ROOT", tmp_path)
    monkeypatch.setattr(build_sample, "SAMPLE", tmp_path / "sample")
    build_sample.main()
    assert "19406 records taken, 0 refused" in capsys.readouterr().out
    for path in sorted((tmp_path / "sample").iterdir()):
        assert path.read_bytes() == (sample.folder() / path.name).read_bytes(), f"{path.name} is stale"


def test_an_installed_wheel_has_the_sample_beside_the_package(tmp_path, monkeypatch):
    package = tmp_path / "kontor"
    (package / "catalog").mkdir(parents=True)
    (package / "sample").mkdir()
    (package / "sample" / "shops.json").write_text(json.dumps([{"shopKey": "only"}]), encoding="utf-8")
    monkeypatch.setattr(sample, "__file__", str(package / "catalog" / "sample.py"))
    assert sample.shops() == [{"shopKey": "only"}]
    (package / "sample" / "shops.json").unlink()
    with pytest.raises(FileNotFoundError, match="sample catalog is missing"):
        sample.folder()
