"""The document describes what is sent: problems for errors, bearer tokens, and nothing of FastAPI's own errors."""

from __future__ import annotations

import json

import pytest
from fastapi import FastAPI

from readapi.edge import openapi
from readapi.edge.problems import PROBLEMS


@pytest.fixture
async def document(client):
    response = await client.get("/openapi.json")
    assert response.headers["content-type"] == "application/json"
    return response.json()


async def test_version_and_tags(document):
    assert document["openapi"].startswith("3.1")
    assert document["tags"] == [{"name": "things"}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


async def test_every_operation_has_problems(document):
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len(operations) > 10
    for operation in operations:
        assert {"422", "429", "500", "503", "default"} <= operation["responses"].keys()
        of_bodies = {"413", "415"} & operation["responses"].keys()
        assert of_bodies == ({"413", "415"} if "requestBody" in operation else set())


async def test_nothing_of_the_frameworks_errors(document):
    assert "HTTPValidationError" not in json.dumps(document)
    assert document["components"]["schemas"]["Problem"]["required"] == ["type", "title", "status", "detail", "code"]


async def test_every_reference_leads_somewhere(document):
    def references(node):
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    found = set(references(document))
    assert "#/components/schemas/Problem" in found
    for reference in found:
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


async def test_is_served_from_memory_and_revalidated(client, app):
    first = await client.get("/openapi.json")
    app.openapi = None
    again = await client.get("/openapi.json", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_problem_responses_group_codes_by_status():
    responses = openapi.problem_responses("out_of_stock", "illegal_transition", "not_found")
    assert responses.keys() == {409, 404}
    examples = responses[409]["content"]["application/problem+json"]["examples"]
    assert examples.keys() == {"out_of_stock", "illegal_transition"}


def test_documented_responses_of_a_route_are_kept():
    app = FastAPI(openapi_url=None)

    @app.get("/x/{number}", responses=openapi.problem_responses(*PROBLEMS), openapi_extra=openapi.signed_in())
    async def x(number: int) -> int:
        return number

    openapi.install(app)
    operation = app.openapi()["paths"]["/x/{number}"]["get"]
    assert operation["security"] == [{"bearer": []}]
    examples = operation["responses"]["422"]["content"]["application/problem+json"]["examples"]
    assert examples.keys() == {"validation_failed", "idempotency_key_reused", "gift_card_unusable"}
    assert operation["responses"]["503"]["content"]["application/problem+json"]["examples"].keys() >= {"overloaded"}
