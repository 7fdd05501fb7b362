from __future__ import annotations

import pytest

from domain.errors import Invalid
from domain.money import PPM
from domain.pricing.tax import TaxRate, TaxTable
from kontor.tables import tax_table


@pytest.fixture(scope="module")
def table() -> TaxTable:
    return tax_table()


@pytest.mark.parametrize(
    ("country", "ppm"),
    [
        ("DE", 190_000),
        ("FR", 200_000),
        ("HU", 270_000),
        ("LU", 170_000),
        ("FI", 255_000),
        ("SK", 230_000),
        ("GB", 200_000),
    ],
)
def test_european_prices_contain_vat(table, country, ppm):
    assert table.lookup(country) == TaxRate(ppm, "VAT", True, country)


@pytest.mark.parametrize(
    ("state", "ppm"), [("CA", 82_500), ("NY", 40_000), ("MN", 68_750), ("WA", 65_000), ("MO", 42_250)]
)
def test_us_states_add_sales_tax_to_goods_only(table, state, ppm):
    assert table.lookup("US", state) == TaxRate(ppm, "sales tax", False, f"US-{state}", covers_shipping=False)


@pytest.mark.parametrize("state", ["OR", "MT", "NH", "DE", "AK", None, "", "Atlantis"])
def test_states_without_sales_tax_are_at_zero(table, state):
    assert table.lookup("US", state).rate_ppm == 0


@pytest.mark.parametrize("region", ["CA", "ca", " CA ", "US-CA", "us-ca", "California", "CALIFORNIA"])
def test_a_region_may_be_written_in_several_ways(table, region):
    assert table.lookup("US", region).jurisdiction == "US-CA"


@pytest.mark.parametrize(
    ("province", "ppm", "name"),
    [
        ("ON", 130_000, "HST"),
        ("BC", 120_000, "GST + PST"),
        ("QC", 149_750, "GST + QST"),
        ("NS", 140_000, "HST"),
        ("AB", 50_000, "GST"),
        (None, 50_000, "GST"),
    ],
)
def test_canadian_provinces_add_to_the_federal_rate(table, province, ppm, name):
    rate = table.lookup("CA", province)
    assert (rate.rate_ppm, rate.name, rate.inclusive) == (ppm, name, False)


@pytest.mark.parametrize(
    ("country", "postal_code", "ppm", "jurisdiction"),
    [
        ("ES", "35001", 0, "ES Canary Islands"),
        ("ES", "38 001", 0, "ES Canary Islands"),
        ("ES", "51001", 0, "ES Ceuta"),
        ("ES", "28001", 210_000, "ES"),
        ("DE", "27498", 0, "DE Heligoland"),
        ("FR", "97110", 85_000, "FR Guadeloupe"),
        ("PT", "9000-082", 220_000, "PT Madeira"),
        ("AT", "6691", 190_000, "AT Jungholz"),
        ("AT", "66911", 200_000, "AT"),
    ],
)
def test_areas_are_known_by_their_postal_codes(table, country, postal_code, ppm, jurisdiction):
    rate = table.lookup(country, None, postal_code)
    assert (rate.rate_ppm, rate.jurisdiction) == (ppm, jurisdiction)


@pytest.mark.parametrize(("country", "ppm"), [("JP", 100_000), ("CH", 81_000), ("AU", 100_000), ("BO", 149_400)])
def test_the_rest_of_the_world_contains_its_tax(table, country, ppm):
    rate = table.lookup(country)
    assert (rate.rate_ppm, rate.inclusive) == (ppm, True)


def test_an_unknown_country_is_untaxed(table):
    assert table.lookup("AQ") == TaxRate(0, "no tax", False, "AQ")


@pytest.mark.parametrize("ppm", [0.19, "190000", -1, 1_000_001, True])
def test_a_rate_is_whole_ppm(ppm):
    entry = {"ratePpm": ppm, "name": "VAT", "inclusive": True, "coversShipping": True}
    with pytest.raises(Invalid, match="ppm"):
        TaxTable.from_dict({"countries": {"DE": entry}})


@pytest.mark.parametrize("ppm", [0, PPM])
def test_a_rate_is_from_nothing_to_all(ppm):
    country = {"ratePpm": ppm, "name": "VAT", "inclusive": True, "coversShipping": True}
    assert TaxTable.from_dict({"countries": {"XX": country}}).lookup("XX").rate_ppm == ppm
