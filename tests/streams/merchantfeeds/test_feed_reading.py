"""Rows out of a feed's copy: whatever its bytes are, each is a row or a rejection, and reading may stop anywhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.catalog.cells import COMMA, POINT, value_of
from domain.sellers.feedterms import FeedTerms
from streams.merchantfeeds.columns import minor_units, quantity_of
from streams.merchantfeeds.reading import TORN
from streams.merchantfeeds.rejected import RejectedFile, as_csv
from streams.merchantfeeds.rows import DEPTH_MAX, ROW_MAX, Rejection
from streams.merchantfeeds.sources import SourceFailed
from tests.streams.merchantfeeds.spooled import CSV, NDJSON, numbered, read, row


def test_blank_lines_count_and_are_no_rows(tmp_path: Path):
    assert numbered(read(tmp_path, b'\xef\xbb\xbf{"a":1}\n\n  \r\n{"b":2}')) == [(1, {"a": 1}), (4, {"b": 2})]


def test_a_row_that_is_too_long_is_passed_over(tmp_path: Path):
    found = read(tmp_path, b'{"a":1}\n' + b"x" * (3 * ROW_MAX) + b'\n{"b":2}\n')
    assert numbered(found) == [(1, {"a": 1}), (2, f"the row is longer than {ROW_MAX} bytes"), (3, {"b": 2})]


@pytest.mark.parametrize("most", [1, 2, 1_000])
def test_the_last_row_of_a_file_that_is_cut_off_is_none(tmp_path: Path, most: int):
    content = b"sku,quantity\nA,1\nB,23"
    assert numbered(read(tmp_path, content, CSV, most=most)) == [(2, row("A", 1)), (3, row("B", 23))]
    assert numbered(read(tmp_path, content, CSV, cut=True, most=most)) == [(2, row("A", 1)), (3, TORN)]
    assert numbered(read(tmp_path, content[:-3], CSV, most=most)) == [(2, row("A", 1)), (3, TORN)]


def test_a_quote_that_nothing_closes_takes_no_other_row_along(tmp_path: Path):
    content = b'sku,quantity\n"A,1\nB,2\n"C\nC",3\n' + b"D,4\n" * 3
    assert [data for _, data in numbered(read(tmp_path, content, CSV))][-3:] == [row("D", 4)] * 3
    found = numbered(read(tmp_path, b'sku,quantity\nA,1\n"B,2\nC,3\n', CSV))
    assert found == [(2, row("A", 1)), (3, "a quote is not closed"), (4, row("C", 3))]
    assert numbered(read(tmp_path, b'sku,quantity\nA,1\n"B,2', CSV))[-1] == (3, TORN)


def test_a_cell_may_hold_an_end_of_line_and_quotes(tmp_path: Path):
    terms = FeedTerms("products", "file:a", "csv", {"sku": "sku", "title": "title"})
    found = numbered(read(tmp_path, b'sku,title\r\nA,"Two\r\nlines, ""quoted"""\r\nB,One\r\n', terms))
    assert found == [
        (2, {"title": 'Two\r\nlines, "quoted"', "variants": [{"sku": "A"}]}),
        (4, {"title": "One", "variants": [{"sku": "B"}]}),
    ]


def test_columns_become_fields(tmp_path: Path):
    columns = {
        "externalId": "id",
        "sku": "sku",
        "title": "name",
        "category": "path",
        "media": "pictures",
        "attribute.width_cm": "width",
        "attribute.code": "code",
        "brand": "=Nordwald",
    }
    terms = FeedTerms("products", "file:a", "csv", columns, "\t")
    content = "id\tsku\tname\tpath\tpictures\twidth\tcode\tmore\n7\tA\tBed\tHome > Beds\thttps://a/1 https://a/2\t160\t007\tx\n"
    [(_, found)] = numbered(read(tmp_path, content.encode(), terms))
    assert found == {
        "externalId": "7",
        "title": "Bed",
        "brand": "Nordwald",
        "category": ["Home", "Beds"],
        "media": ["https://a/1", "https://a/2"],
        "attributes": {"width_cm": "160", "code": "007"},
        "variants": [{"sku": "A"}],
    }


def test_columns_of_other_languages_become_texts(tmp_path: Path):
    terms = FeedTerms("products", "file:a", "csv")
    content = (
        "sku,title,language,title@de,description@de,title@pt-BR,label.width@de,label.width@fr\n"
        "A,Bed,en,Bett,Massiv,Cama,Breite,\n"
        "B,Chair,,,Holz,,,Largeur\n"
    )
    [(_, bed), (_, chair)] = numbered(read(tmp_path, content.encode(), terms))
    assert (bed["language"], bed["title"]) == ("en", "Bed")
    assert bed["texts"] == {
        "de": {"title": "Bett", "description": "Massiv", "labels": {"width": "Breite"}},
        "pt-BR": {"title": "Cama"},
    }
    assert chair["texts"] == {"de": {"description": "Holz"}, "fr": {"labels": {"width": "Largeur"}}}


@pytest.mark.parametrize("field", ["title@German", "brand@de", "title@", "label.@de", "label.width", "@de"])
def test_columns_of_no_language_are_none(tmp_path: Path, field: str):
    with pytest.raises(SourceFailed, match="no field"):
        read(tmp_path, f"sku,{field}\n".encode(), FeedTerms("products", "file:a", "csv"))
    with pytest.raises(SourceFailed, match="no field"):
        read(tmp_path, b"sku,title@de\n", FeedTerms("offers", "file:a", "csv"))


def test_offers_are_in_the_shops_currency_unless_they_say_so(tmp_path: Path):
    terms = FeedTerms("offers", "file:a", "csv")
    none = {"shipsTo": ["*"], "backorder": False, "limitPerAccount": None}
    content = b"sku,price,currency,shipsTo,backorder,limitPerAccount\nA,19.99,,US CA,true,2\nB,500,JPY,,,\nC,free,,,,\n"
    assert [data for _, data in numbered(read(tmp_path, content, terms))] == [
        {
            "sku": "A",
            "price": {"amount": 1999, "currency": "USD"},
            "shipsTo": ["US", "CA"],
            "backorder": True,
            "limitPerAccount": 2,
        },
        {"sku": "B", "price": {"amount": 500, "currency": "JPY"}, **none},
        {"sku": "C", "price": {"amount": "free", "currency": "USD"}, **none},
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "there is none"),
        (b"sku,sku\n", "same name"),
        (b"sku,quantity,colour\n", "no field 'colour'"),
        (b"quantity\n", "no column is called sku"),
        (b"sk\xff,quantity\n", "columns cannot be told"),
        (b"x" * (ROW_MAX + 2), "there is none"),
    ],
)
def test_a_table_whose_columns_cannot_be_told_is_not_read(tmp_path: Path, content: bytes, why: str):
    with pytest.raises(SourceFailed, match=why):
        read(tmp_path, content, CSV)


def test_a_column_that_is_mapped_must_be_there(tmp_path: Path):
    with pytest.raises(SourceFailed, match="no column 'Menge'"):
        read(tmp_path, b"sku,quantity\n", FeedTerms("stock", "file:a", "csv", {"sku": "sku", "quantity": "Menge"}))


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("19.99", "USD", 1999),
        ("19,9", "EUR", 1990),
        ("19", "EUR", 1900),
        ("500", "JPY", 500),
        ("500.0", "JPY", "500.0"),
        ("1.2345", "USD", "1.2345"),
        ("1.234", "KWD", 1234),
        ("-1", "USD", "-1"),
        ("", "USD", ""),
        ("1", "XXX", "1"),
    ],
)
def test_prices_in_minor_units(text: str, currency: str, amount: int | str):
    assert minor_units(text, currency) == amount


@pytest.mark.parametrize(
    ("text", "currency", "decimal", "amount"),
    [
        ("1.299,00", "EUR", POINT, 129900),
        ("1,299.00", "USD", POINT, 129900),
        ("1 299,00", "EUR", POINT, 129900),
        ("1'299.00", "CHF", POINT, 129900),
        ("1\u202f299,5", "EUR", POINT, 129950),
        ("1.299.000", "EUR", POINT, 129900000),
        ("1.299", "EUR", POINT, "1.299"),
        ("1,299", "USD", POINT, "1,299"),
        ("1.299", "EUR", COMMA, 129900),
        ("1,299", "EUR", COMMA, "1,299"),
        ("1.299", "KWD", POINT, 1299),
        ("1.299.00", "EUR", COMMA, "1.299.00"),
        ("1.299,00 EUR", "EUR", COMMA, "1.299,00 EUR"),
        ("12.99", "EUR", COMMA, 1299),
        ("1234.299,00", "EUR", COMMA, "1234.299,00"),
    ],
)
def test_thousands_in_prices_where_there_is_no_doubt(text: str, currency: str, decimal: str, amount: int | str):
    assert minor_units(text, currency, decimal) == amount


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("3.0", POINT, 3),
        ("3,00", POINT, 3),
        ("1.000", POINT, 1.0),
        ("1.000", COMMA, 1000),
        ("1,000", POINT, "1,000"),
        ("3.5", POINT, 3.5),
        ("-5", POINT, -5),
        ("ten", POINT, "ten"),
    ],
)
def test_pieces(text: str, decimal: str, value: Any):
    assert quantity_of(text, decimal) == value
    assert type(quantity_of(text, decimal)) is type(value)


@pytest.mark.parametrize(
    ("text", "value"), [("7", 7), ("-7", -7), ("007", "007"), ("1.50", 1.5), ("TRUE", True), ("1e5", "1e5"), ("٣", "٣")]
)
def test_values(text: str, value: Any):
    assert value_of(text) == value
    assert type(value_of(text)) is type(value)


ROW = st.one_of(
    st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3).map(lambda row: json.dumps(row).encode()),
    st.binary(max_size=30).filter(lambda raw: b"\n" not in raw),
)


@given(st.lists(ROW, max_size=12), st.integers(1, 5), st.booleans(), st.sampled_from((NDJSON, CSV)))
def test_reading_may_stop_anywhere(
    tmp_path_factory: pytest.TempPathFactory, rows: list[bytes], most: int, ends: bool, terms: FeedTerms
):
    folder = tmp_path_factory.mktemp("feed")
    head = [b"sku,quantity"] if terms is CSV else [b"{}"]
    content = b"\n".join([*head, *rows]) + (b"\n" if ends else b"")
    at_once = read(folder, content, terms)
    assert read(folder, content, terms, most=most) == at_once
    numbers = [line.number for line in at_once]
    assert numbers == sorted(set(numbers))


def test_the_file_of_rejected_rows_goes_on_where_it_was(tmp_path: Path):
    file = RejectedFile(tmp_path / "rejected", 0, 0)
    file.write([Rejection(1, "=bad", "/a")], {1: {"a": 1}})
    kept, size = file.kept, file.size
    file.write([Rejection(2, "lost")], {})
    file.close()
    again = RejectedFile(tmp_path / "rejected", kept, size)
    again.write([Rejection(3, "late")], {3: {"b": "x" * 3_000}})
    again.close()
    content = (tmp_path / "rejected").read_bytes()
    assert [json.loads(line) for line in content.splitlines()] == [
        {"line": 1, "reason": "=bad", "pointer": "/a", "row": {"a": 1}},
        {"line": 3, "reason": "late", "pointer": None},
    ]
    assert as_csv(content).decode().splitlines() == ["line,reason,pointer,row", '1,\'=bad,/a,"{""a"":1}"', "3,late,,"]


def test_a_row_that_is_nested_too_deeply_is_refused_and_the_next_is_read(tmp_path: Path):
    """However deeply: some could be decoded, and not be written down again."""
    for deep in (DEPTH_MAX, 400, 900, 100_000):
        row = b'{"sku":' + b"[" * deep + b"]" * deep + b"}\n"
        first, second = numbered(read(tmp_path, row + b'{"sku":"A"}\n'))
        assert first == (1, f"not a JSON object: it is nested deeper than {DEPTH_MAX}")
        assert second == (2, {"sku": "A"})
    wide = {"variants": [{"sku": str(n), "attributes": {"sizes": [n]}} for n in range(200)]}
    assert numbered(read(tmp_path, json.dumps(wide).encode())) == [(1, wide)]
