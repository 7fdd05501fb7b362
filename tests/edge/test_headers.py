"""Headers that clients write by hand: keys, positions, preferences, entity tags. Nonsense meets the stated problem."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import VersionMismatch
from readapi.edge.etags import check_if_match, etag, not_modified, parse_if_match
from readapi.edge.idempotency import IdempotencyKey, InFlight, fingerprint, parse_key
from readapi.edge.positions import POSITION_MAX, format_position, parse_position, parse_wait, preferences
from readapi.edge.problems import BadParameter, Overloaded, ProblemError
from readapi.edge.structured import parse_string_item
from tests.edge.problems import assert_problem

# What a server hands on: any bytes, decoded as Latin-1, and then some.
header_values = st.text(st.characters(max_codepoint=255), max_size=300) | st.text(max_size=300)


class TestStructuredFields:
    """The test suite of the HTTP working group, https://github.com/httpwg/structured-field-tests."""

    @pytest.mark.parametrize("name", ["string", "string-generated"])
    def test_vectors(self, shared_data: Path, name: str):
        path = shared_data / "api" / "structured_fields" / f"{name}.json"
        tried = 0
        for vector in json.loads(path.read_text(encoding="utf-8")):
            raw = ", ".join(vector["raw"])
            if vector.get("must_fail"):
                with pytest.raises(ValueError, match="structured field"):
                    parse_string_item(raw)
            else:
                assert parse_string_item(raw) == vector["expected"][0], vector["name"]
            tried += 1
        assert tried > 10

    @pytest.mark.parametrize(
        "parameters", [";a", "; a=1", ";a=?1;b=tok/en", ';a="x"', ";a=:YQ==:", ";a=-1.5", ";*a=@5"]
    )
    def test_parameters_are_dropped(self, parameters):
        assert parse_string_item('"key"' + parameters) == "key"

    @pytest.mark.parametrize("junk", [";", ";A", ";a=", ";a=ü", " x", ";a;", "; a =1", ', "b"'])
    def test_what_is_no_parameter(self, junk):
        with pytest.raises(ValueError, match="structured field"):
            parse_string_item('"key"' + junk)

    @given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=300))
    def test_whatever_is_written_is_read(self, text):
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        assert parse_string_item(f'  "{quoted}" ') == text


class TestIdempotencyKey:
    @pytest.mark.parametrize(
        ("raw", "key"),
        [
            ('"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"),
            ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
            (' "a b" ', "a b"),
            ('"a\\"b"', 'a"b'),
            ("a/b+c=;,", "a/b+c=;,"),
            ("x" * 255, "x" * 255),
            (f'"{"x" * 255}"', "x" * 255),
        ],
    )
    def test_good(self, raw, key):
        assert parse_key(raw) == key

    @pytest.mark.parametrize(
        "raw",
        [
            "",
            " ",
            '""',
            "x" * 256,
            f'"{"x" * 256}"',
            "a b",
            'a"b',
            '"open',
            "tab\there",
            "ümlaut",
            '"ü"',
            "a\x7f",
            '"' * 3,
        ],
    )
    def test_bad(self, raw):
        with pytest.raises(BadParameter) as refused:
            parse_key(raw)
        assert refused.value.entry["parameter"] == "Idempotency-Key"

    @given(header_values)
    def test_any(self, raw):
        with suppress(BadParameter):
            assert 1 <= len(parse_key(raw)) <= 255

    async def test_over_http(self, client, bearer):
        headers = bearer()
        assert_problem(await client.post("/api/checkout", json={}, headers=headers), "idempotency_key_missing")
        bad = await client.post("/api/checkout", json={}, headers=headers | {"Idempotency-Key": '"'})
        assert assert_problem(bad, "validation_failed")["errors"][0]["in"] == "header"
        good = await client.post("/api/checkout", json={}, headers=headers | {"Idempotency-Key": '"k 1"'})
        assert good.json() == {"key": "k 1"}
        twice = [*headers.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
        assert_problem(await client.post("/api/checkout", json={}, headers=twice), "validation_failed")

    async def test_twins(self, client, bearer):
        headers = bearer() | {"Idempotency-Key": "k1"}

        def ask(body, headers):
            return client.post("/api/checkout", json=body, headers=headers)

        first, twin, other, stranger = await asyncio.gather(
            ask({"a": 1}, headers),
            ask({"a": 1}, headers),
            ask({"a": 2}, headers),
            ask({"a": 1}, headers | bearer(account="usr_2")),
        )
        assert (first.status_code, stranger.status_code) == (200, 200)
        assert_problem(twin, "idempotency_in_flight")
        assert int(twin.headers["retry-after"]) >= 1
        assert_problem(other, "idempotency_key_reused")
        assert (await ask({"a": 1}, headers)).status_code == 200


class TestFingerprint:
    def test_spelling_of_the_same_json_does_not_matter(self):
        one = fingerprint("POST", "/api/orders", b'{"a": 1, "b": {"c": "\\u00fc", "d": [1, 2]}}')
        two = fingerprint("POST", "/api/orders", '{"b":{"d":[1,2],"c":"ü"},\n "a":1}'.encode())
        assert one == two
        assert len(one) == 32

    def test_everything_else_does(self):
        digests = {
            fingerprint("POST", "/a", b'{"a":1}'),
            fingerprint("PUT", "/a", b'{"a":1}'),
            fingerprint("POST", "/b", b'{"a":1}'),
            fingerprint("POST", "/a", b'{"a":2}'),
            fingerprint("POST", "/a", b'{"a":"1"}'),
            fingerprint("POST", "/a", b'{"a":[1,2]}'),
            fingerprint("POST", "/a", b'{"a":[2,1]}'),
            fingerprint("POST", "/a", b""),
        }
        assert len(digests) == 8

    @given(st.binary(max_size=200) | st.sampled_from([b"[" * 100_000, b"9" * 5000, b'"\\ud800"', b"NaN", b"\xff"]))
    def test_any_body(self, body):
        assert fingerprint("POST", "/a", body) == fingerprint("POST", "/a", body)


class TestInFlight:
    KEY = IdempotencyKey("usr_1", "k", b"digest")

    def test_is_released_by_an_error_too(self):
        guard = InFlight()
        with suppress(ZeroDivisionError), guard.hold(self.KEY):
            assert len(guard) == 1
            raise ZeroDivisionError
        assert len(guard) == 0

    def test_a_refused_twin_does_not_release_the_first(self):
        guard = InFlight()
        with guard.hold(self.KEY):
            with pytest.raises(ProblemError, match="not finished"), guard.hold(self.KEY):
                pass
            assert len(guard) == 1

    def test_is_bounded(self):
        guard = InFlight(limit=2)
        for key in "ab":
            guard.enter(self.KEY._replace(key=key))
        with pytest.raises(Overloaded):
            guard.enter(self.KEY._replace(key="c"))


class TestPositions:
    @given(st.integers(0, POSITION_MAX))
    def test_round_trip(self, position):
        assert parse_position(format_position(position)) == position

    @pytest.mark.parametrize("raw", ["", "-1", "1.0", "0x1", "١", "²", "9" * 19, "1" * 5000, "1 2", "+1", "1_000"])
    def test_bad(self, raw):
        with pytest.raises(BadParameter):
            parse_position(raw)

    @given(header_values)
    def test_any(self, raw):
        with suppress(BadParameter):
            assert 0 <= parse_position(raw) <= POSITION_MAX

    async def test_over_http(self, client):
        assert (await client.get("/api/position")).json() == {"position": 0, "wait": 1}
        response = await client.get("/api/position", headers={"Kontor-Min-Position": "42", "Prefer": "wait=5"})
        assert response.json() == {"position": 42, "wait": 5}
        assert response.headers["preference-applied"] == "wait=5"
        bad = await client.get("/api/position", headers={"Kontor-Min-Position": "x"})
        assert assert_problem(bad, "validation_failed")["errors"][0]["parameter"] == "Kontor-Min-Position"

    async def test_several_prefer_lines(self, client):
        headers = [("Prefer", "respond-async"), ("Prefer", "wait=3"), ("Prefer", "wait=7")]
        assert (await client.get("/api/position", headers=headers)).json()["wait"] == 3


class TestPrefer:
    @pytest.mark.parametrize(
        ("raw", "wait"),
        [
            ("wait=5", 5),
            ("wait=0", 0),
            ("Wait=5", 5),
            ('wait="5"', 5),
            ("wait = 5", 5),
            ("respond-async, wait=10", 10),
            ('foo; bar="a, wait=1", wait=2', 2),
            ("return=minimal; x=y; z , wait=3;q=1", 3),
            ("wait=4, wait=9", 4),
            ("wait=600", 10),
            ("wait=" + "9" * 400, 10),
            (",, wait=5,", 5),
            ("wait", None),
            ("wait=", None),
            ("wait=-1", None),
            ("wait=abc", None),
            ("wait=٣", None),
            ('foo="wait=5"', None),
            ('"wait=5', None),
            ("", None),
        ],
    )
    def test_wait(self, raw, wait):
        assert parse_wait(raw) == wait

    @given(header_values | st.text('wait=5,;" \\', max_size=200))
    def test_any(self, raw):
        wait = parse_wait(raw)
        assert wait is None or 0 <= wait <= 10
        assert all(isinstance(value, str) for value in preferences(raw).values())


class TestEntityTags:
    @pytest.mark.parametrize(
        ("raw", "versions"),
        [
            (None, None),
            ("*", None),
            (" * ", None),
            ('"7"', {7}),
            ('"7", "8"', {7, 8}),
            ('W/"7"', set()),
            ('"abc"', set()),
            ('""', set()),
            ('"²"', set()),
            ('"' + "9" * 30 + '"', set()),
        ],
    )
    def test_if_match(self, raw, versions):
        assert parse_if_match(raw) == versions

    @pytest.mark.parametrize("raw", ["", "7", '"7', "'7'", '"7" "8"', '*, "7"', '"a b"', 'w/"7"'])
    def test_malformed(self, raw):
        with pytest.raises(BadParameter):
            parse_if_match(raw)

    def test_check(self):
        for raw in (None, "*", '"7"', '"6", "7"'):
            check_if_match(raw, 7)
        for raw in ('"6"', 'W/"7"', '"seven"'):
            with pytest.raises(VersionMismatch):
                check_if_match(raw, 7)

    @pytest.mark.parametrize(
        ("raw", "same"),
        [(None, False), ('"7"', True), ('W/"7"', True), ('"6", "7"', True), ("*", True), ('"6"', False), ("7", False)],
    )
    def test_not_modified(self, raw, same):
        assert not_modified(raw, etag(7)) is same

    @given(header_values | st.text('W/"7, *', max_size=60))
    def test_any(self, raw):
        assert not_modified(raw, etag(7)) in {True, False}
        with suppress(BadParameter):
            parse_if_match(raw)

    async def test_over_http(self, client):
        assert (await client.patch("/api/things/1", headers={"If-Match": '"7"'})).json() == {"version": 8}
        assert_problem(await client.patch("/api/things/1", headers={"If-Match": '"6"'}), "version_mismatch")
        assert_problem(await client.patch("/api/things/1", headers={"If-Match": "7"}), "validation_failed")
