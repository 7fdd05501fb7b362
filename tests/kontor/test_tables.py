from __future__ import annotations

import json
from pathlib import Path

from kontor.tables import countries, shipping_table, tax_table
from scripts import build_tables

TABLES = Path(build_tables.TABLES)


def test_the_tables_are_what_the_script_makes_of_the_facts(shared_data, monkeypatch):
    monkeypatch.setenv("KONTOR_SHARED", str(shared_data))
    made = {
        "tax": build_tables.tax_table(),
        "shipping": build_tables.shipping_table(),
        "countries": build_tables.countries(),
    }
    for name, table in made.items():
        packed = json.loads((TABLES / f"{name}.json").read_text(encoding="utf-8"))
        assert packed == table, f"{name}.json is stale: run scripts/build_tables.py"


def test_countries_know_their_addresses():
    assert len(countries()) == 249
    us, gb, hk = countries()["US"], countries()["GB"], countries()["HK"]
    assert us.name == "United States"
    assert us.required == ("line1", "city", "region", "postalCode")
    assert us.accepts_postal_code("94105")
    assert us.accepts_postal_code("94105-1234")
    assert not us.accepts_postal_code("SW1A 1AA")
    assert gb.accepts_postal_code(" sw1a 1aa ")
    assert hk.accepts_postal_code("anything")


def test_every_taxed_country_can_be_shipped_to():
    without_iso_code = {"XK"}
    assert set(tax_table().countries) - set(shipping_table().regions) == without_iso_code
    assert set(shipping_table().regions) == set(countries())


def test_the_notices_are_packed():
    source = (TABLES / "SOURCE.md").read_text(encoding="utf-8")
    for words in ("Valerian Saliou", "Danny van Kooten", "Bojan Zivanovic", "Permission is hereby granted", "PDDL"):
        assert words in source
