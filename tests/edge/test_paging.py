"""Cursors and pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readapi.edge.paging import Cursors, page, parse_limit
from readapi.edge.problems import BadParameter

CURSORS = Cursors(b"k" * 32)
keys = st.dictionaries(
    st.text(max_size=10),
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20),
    max_size=4,
)


@given(keys)
def test_round_trip(data):
    cursor = CURSORS.encode_cursor(data)
    assert CURSORS.decode_cursor(cursor) == data
    assert cursor.replace("-", "").replace("_", "").isalnum()


@given(st.text(max_size=100) | st.from_regex(r"[A-Za-z0-9_-]{0,80}", fullmatch=True))
def test_nonsense(text):
    with pytest.raises(BadParameter):
        CURSORS.decode_cursor(text)


@pytest.mark.parametrize("cursor", ["", "A" * 2000, "ü"])
def test_malformed(cursor):
    with pytest.raises(BadParameter):
        CURSORS.decode_cursor(cursor)


def test_forged():
    cursor = CURSORS.encode_cursor({"at": 1})
    for forged in (Cursors(b"x" * 32).encode_cursor({"at": 1}), cursor[:-1], "A" + cursor[1:]):
        with pytest.raises(BadParameter):
            CURSORS.decode_cursor(forged)


@pytest.mark.parametrize(("raw", "limit"), [(None, 20), ("1", 1), ("100", 100)])
def test_limit(raw, limit):
    assert parse_limit(raw) == limit


@pytest.mark.parametrize("raw", ["", "0", "101", "-1", "1.5", "ten", "²", "0000001"])
def test_bad_limit(raw):
    with pytest.raises(BadParameter):
        parse_limit(raw)


def test_page():
    assert page([1, 2], next="n") == {"items": [1, 2], "next": "n", "prev": None}


async def test_over_http(client):
    assert (await client.get("/api/list")).json() == {"limit": 20}
    for query in ("limit=0", "limit=101", "cursor=" + "x" * 2000):
        assert (await client.get(f"/api/list?{query}")).status_code == 422
