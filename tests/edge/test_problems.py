"""Every problem a client can meet, as it travels over HTTP."""

from __future__ import annotations

import json

import pytest
from starlette.requests import ClientDisconnect
from structlog.testing import capture_logs

from commands.errors import StorageUnavailable
from domain.errors import DomainError, NotFound
from readapi.edge.problems import PROBLEMS, TYPE_BASE, BadParameter, problem_response, response_for
from readapi.edge.validation import entries, summary
from tests.edge.conftest import RAISED
from tests.edge.problems import assert_problem

CONTRACT = {
    "validation_failed": 422,
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "out_of_stock": 409,
    "version_mismatch": 412,
    "idempotency_key_missing": 400,
    "idempotency_key_reused": 422,
    "idempotency_in_flight": 409,
    "illegal_transition": 409,
    "rate_limited": 429,
    "overloaded": 503,
    "position_not_reached": 503,
    "unsupported_media_type": 415,
    "payload_too_large": 413,
}


def test_the_codes_of_the_contract_have_its_statuses():
    assert {code: PROBLEMS[code].status for code in CONTRACT} == CONTRACT


def test_every_domain_error_has_a_problem():
    waiting, codes = [DomainError], set()
    while waiting:
        kind = waiting.pop()
        codes.add(kind.code)
        waiting.extend(kind.__subclasses__())
    assert codes <= PROBLEMS.keys()


def test_every_code_is_tried_here():
    assert RAISED.keys() == PROBLEMS.keys()


@pytest.mark.parametrize("code", sorted(PROBLEMS))
async def test_raised_behind_the_edge(client, code):
    response = await client.get(f"/api/raise/{code}")
    body = assert_problem(response, code)
    assert "secret" not in response.text
    if PROBLEMS[code].retry_after is not None:
        assert int(response.headers["retry-after"]) >= 1
    if code == "unauthenticated":
        assert response.headers["www-authenticate"].startswith("Bearer")
    assert not {"headers", "scope"} & body.keys()


async def test_extension_members(client):
    stock = (await client.get("/api/raise/out_of_stock")).json()
    assert (stock["sku"], stock["requested"], stock["available"]) == ("CHAIR-1", 3, 1)
    assert (await client.get("/api/raise/position_not_reached")).json()["reached"] == "41"
    assert (await client.get("/api/raise/position_not_reached")).headers["kontor-position"] == "41"
    assert (await client.get("/api/raise/validation_failed")).json()["errors"] == [
        {"pointer": "#/quantity", "detail": "quantity too large"}
    ]
    assert (await client.get("/api/raise/overloaded")).headers["retry-after"] == "3"
    assert (await client.get("/api/raise/rate_limited")).headers["retry-after"] == "7"


def test_extension_members_never_replace_standard_ones():
    body = json.loads(problem_response("not_found", "gone", type="x", status=1, code_="y").body)
    assert (body["type"], body["status"], body["code_"]) == (TYPE_BASE + "not_found", 404, "y")


async def test_data_with_awkward_names_and_values(app, client):
    @app.get("/awkward")
    async def awkward():
        raise NotFound("gone", scope="x", headers={"X-Evil": "1"}, errors=3, status=200, value={1, 2})

    response = await client.get("/awkward")
    assert_problem(response, "not_found")
    assert "x-evil" not in response.headers


async def test_unknown_path(client):
    assert_problem(await client.get("/api/nowhere/at%20all?password=hunter2"), "not_found")


async def test_wrong_method_names_every_right_one(client):
    response = await client.put("/api/things/1", json={})
    assert_problem(response, "method_not_allowed")
    assert response.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"lines": [}', b"\xff\xfe\xfa", b"[" * 100_000, b"9" * 5000],
    ids=["open", "bad", "utf8", "deep", "long"],
)
async def test_what_is_not_json(client, body):
    headers = {"Content-Type": "application/json"}
    assert_problem(await client.post("/api/orders", content=body, headers=headers), "validation_failed")


async def test_pointers_into_the_body(client):
    body = {
        "lines": [{"sku": "A", "quantity": 0}, {"quantity": 1, "extra~/": 1}],
        "price": {"amount": "5", "currency": "usd"},
    }
    found = assert_problem(await client.post("/api/orders", json=body), "validation_failed")["errors"]
    assert {entry["pointer"] for entry in found} == {
        "#/lines/0/quantity",
        "#/lines/1/sku",
        "#/lines/1/extra~0~1",
        "#/price/amount",
        "#/price/currency",
    }
    assert all(entry["detail"] for entry in found)


async def test_missing_body(client):
    found = assert_problem(await client.post("/api/orders"), "validation_failed")["errors"]
    assert [entry["pointer"] for entry in found] == ["#"]


async def test_members_of_a_union_are_not_part_of_a_pointer(client):
    found = assert_problem(await client.post("/api/loose", json={"item": {"quantity": 1}}), "validation_failed")[
        "errors"
    ]
    assert "#/item/sku" in {entry["pointer"] for entry in found}
    assert not any("Line" in entry["pointer"] or "MoneyIn" in entry["pointer"] for entry in found)


async def test_parameters_are_named_with_their_place(client):
    found = assert_problem(await client.get("/api/list?limit=500&flag=perhaps"), "validation_failed")["errors"]
    assert [(entry["in"], entry["parameter"]) for entry in found] == [("query", "limit"), ("query", "flag")]


async def test_values_are_never_repeated(client):
    body = {"lines": [{"sku": "A", "quantity": "4242424242424242", "token": "secret-4711"}]}
    response = await client.post("/api/orders", json=body)
    found = assert_problem(response, "validation_failed")["errors"]
    assert {entry["pointer"] for entry in found} == {"#/lines/0/quantity", "#/lines/0/token"}
    assert "secret" not in response.text
    assert "4242" not in response.text


async def test_a_thousand_errors_are_cut(client):
    body = {"lines": [{"sku": 1, "quantity": 0} for _ in range(10)], **{f"x{number}": 1 for number in range(1000)}}
    assert len((await client.post("/api/orders", json=body)).json()["errors"]) == 50


def test_validation_entries_of_what_pydantic_might_say():
    tag = {
        "type": "union_tag_invalid",
        "loc": ("body", "kind"),
        "msg": "Input tag 'hunter2' found",
        "input": {"k": "hunter2"},
        "ctx": {"discriminator": "'k'", "tag": "hunter2", "expected_tags": "'a', 'b'"},
    }
    untagged = {"type": "union_tag_not_found", "loc": ("body",), "msg": "No tag", "ctx": {"discriminator": "'k'"}}
    odd = {"type": "value_error", "loc": (), "msg": "Value error"}
    assert entries([tag, untagged, odd]) == [
        {"pointer": "#/kind/k", "detail": "one of 'a', 'b'"},
        {"pointer": "#/k", "detail": "Field required"},
        {"pointer": "#", "detail": "is not valid"},
    ]
    assert summary([]) == "the request is not valid"
    assert summary(entries([odd])) == "the body: is not valid"


def test_a_bound_is_told_though_most_of_its_digits_were_sent():
    """Only of texts does their middle say anything."""
    message = "Input should be less than or equal to 1000000000"
    over = {"type": "less_than_equal", "loc": ("body", "quantity"), "msg": message, "input": 10_000_000_000}
    assert entries([over]) == [{"pointer": "#/quantity", "detail": message}]
    assert entries([{**over, "input": 1_000_000_000}]) == [{"pointer": "#/quantity", "detail": "is not valid"}]


async def test_a_price_in_major_units_is_told_of_minor_ones(client):
    for amount in (19.99, "19.99"):
        body = {"lines": [], "price": {"amount": amount, "currency": "USD"}}
        found = assert_problem(await client.post("/api/orders", json=body), "validation_failed")["errors"]
        details = {entry["pointer"]: entry["detail"] for entry in found}
        assert details["#/price/amount"] == "a whole number of minor units: of 19.99 dollars 1999"


def test_bad_parameter_is_a_domain_error():
    error = BadParameter("query", "cursor", "not a cursor")
    assert error.code == "validation_failed"
    assert error.entry == {"in": "query", "parameter": "cursor", "detail": "not a cursor"}


def test_a_client_that_goes_away_is_no_news():
    """In the middle of its body: there is nobody to answer, and nothing for us to mend."""
    with capture_logs() as logged:
        response = response_for({"type": "http", "method": "POST", "path": "/api/orders"}, ClientDisconnect())
    assert response.status_code == 422
    assert logged == []


def test_a_log_that_is_away_is_no_news_of_every_request():
    scope = {"type": "http", "path": "/api/orders", "state": {}}
    with capture_logs() as logged:
        response = response_for(scope, StorageUnavailable("the event log at db.example cannot be read"))
    assert (response.status_code, logged) == (503, [])
    assert b"db.example" not in response.body
