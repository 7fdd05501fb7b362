"""What the edge does to any request: trace, body limits, content types, deadlines, headers, CORS, metrics, log."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from readapi.edge.middleware import Edge
from readapi.edge.pressure import Pressure
from readapi.edge.state import EdgeSettings
from readapi.edge.trace import trace_context
from tests.edge.conftest import client_for, make_app
from tests.edge.problems import assert_problem

TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
GIVEN = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class TestTrace:
    async def test_continues_the_clients_trace_with_a_span_of_its_own(self, client):
        response = await client.get("/api/things/1", headers={"traceparent": GIVEN})
        returned = response.headers["traceparent"]
        assert returned[:36] == GIVEN[:36]
        assert returned[36:52] != GIVEN[36:52]
        assert response.headers["x-trace"] == returned

    async def test_starts_a_trace_when_there_is_none(self, client):
        first, second = [(await client.get("/api/things/1")).headers["traceparent"] for _ in range(2)]
        assert TRACEPARENT.fullmatch(first)
        assert first[3:35] != second[3:35]

    @pytest.mark.parametrize(
        "bad",
        [
            "",
            "nonsense",
            GIVEN.upper(),
            GIVEN[:-1],
            GIVEN + "0",
            GIVEN + "-more",
            GIVEN.replace("00-4", "ff-4"),
            GIVEN.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32),
            GIVEN.replace("00f067aa0ba902b7", "0" * 16),
            GIVEN.replace("-", "_"),
            "0" + GIVEN[:54],
        ],
    )
    def test_starts_anew_when_it_is_malformed(self, bad):
        assert trace_context(bad.encode())[3:35] != GIVEN[3:35]

    def test_later_versions_are_understood_as_far_as_ours_goes(self):
        assert trace_context(b"01" + GIVEN[2:].encode() + b"-future")[:36] == GIVEN[:36]

    @given(st.binary(max_size=80))
    def test_whatever_comes_what_goes_out_is_valid(self, received):
        assert TRACEPARENT.fullmatch(trace_context(received))


class TestBodies:
    LIMIT = 1000

    @pytest.fixture
    def app(self):
        return make_app(EdgeSettings(access_log=False, body_limit=self.LIMIT))

    async def test_too_long_by_content_length(self, client):
        headers = {"Content-Type": "application/json"}
        response = await client.post("/api/echo", content=b"x" * 1001, headers=headers)
        assert_problem(response, "payload_too_large")
        assert response.headers["connection"] == "close"
        assert (await client.post("/api/echo", content=b"x" * 1000, headers=headers)).json() == {"bytes": 1000}

    async def test_too_long_while_streaming(self, client):
        async def parts() -> AsyncIterator[bytes]:
            for _ in range(11):
                yield b"x" * 100

        response = await client.post("/api/echo", content=parts(), headers={"Content-Type": "application/json"})
        assert_problem(response, "payload_too_large")

    async def test_too_long_while_fastapi_reads_a_model(self, client):
        async def parts() -> AsyncIterator[bytes]:
            yield b'{"lines": [' + b" " * 2000

        response = await client.post("/api/orders", content=parts(), headers={"Content-Type": "application/json"})
        assert_problem(response, "payload_too_large")

    @pytest.mark.parametrize("length", ["99999999999999999999999", "1001"])
    async def test_a_claimed_length_is_enough(self, client, length):
        headers = {"Content-Type": "application/json", "Content-Length": length}
        assert_problem(await client.post("/api/echo", content=b"{}", headers=headers), "payload_too_large")

    @pytest.mark.parametrize(
        "content_type", [None, "text/plain", "application/xml", "application/x-www-form-urlencoded", "x"]
    )
    async def test_other_types_are_refused(self, client, content_type):
        headers = {} if content_type is None else {"Content-Type": content_type}
        response = await client.post("/api/echo", content=b"{}", headers=headers)
        assert_problem(response, "unsupported_media_type")
        assert response.headers["accept"] == "application/json"

    @pytest.mark.parametrize(
        "content_type", ["application/json", "application/json; charset=utf-8", "Application/JSON ;x=y"]
    )
    async def test_json_in_every_spelling(self, client, content_type):
        response = await client.post("/api/echo", content=b"{}", headers={"Content-Type": content_type})
        assert response.json() == {"bytes": 2}

    async def test_a_form_where_a_form_belongs(self, client):
        assert (await client.post("/api/auth/token", data={"grant_type": "password"})).json() == {"grant": "password"}
        assert_problem(await client.post("/api/checkout", data={"a": "b"}), "unsupported_media_type")

    async def test_compressed_bodies_are_refused(self, client):
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        response = await client.post("/api/echo", content=b"{}", headers=headers)
        assert_problem(response, "unsupported_media_type")
        assert response.headers["accept-encoding"] == "identity"

    async def test_no_body_needs_no_type(self, client):
        assert (await client.post("/api/echo")).json() == {"bytes": 0}
        assert (await client.delete("/api/things/1")).status_code == 204

    async def test_a_body_without_any_header_is_refused_when_it_is_read(self, app):
        sent = []

        async def receive():
            return {"type": "http.request", "body": b"{}", "more_body": False}

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/api/echo", "query_string": b"", "headers": []}
        await app(scope, receive, send)
        assert sent[0]["status"] == 415


class TestDeadlines:
    @pytest.fixture
    def app(self):
        return make_app(EdgeSettings(access_log=False, timeout=0.1))

    async def test_too_slow(self, client):
        response = await client.get("/api/slow?seconds=5")
        assert_problem(response, "request_timeout")
        assert asyncio.current_task().cancelling() == 0

    async def test_fast_enough_next_to_too_slow(self, client):
        slow, fast = await asyncio.gather(client.get("/api/slow?seconds=5"), client.get("/api/slow?seconds=0.01"))
        assert (slow.status_code, fast.status_code) == (503, 200)

    async def test_a_response_that_has_begun_may_go_on(self, client):
        assert (await client.get("/api/stream")).content == b"onetwo"

    async def test_a_client_that_goes_away_is_not_a_timeout(self):
        async with client_for(make_app(EdgeSettings(access_log=False, timeout=30))) as client:
            task = asyncio.create_task(client.get("/api/slow?seconds=60"))
            await asyncio.sleep(0.02)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    def test_works_on_one_event_loop_after_another(self, app):
        async def ask() -> int:
            async with client_for(app) as client:
                return (await client.get("/api/slow?seconds=5")).status_code

        for _ in range(2):
            with asyncio.Runner() as runner:
                assert runner.run(ask()) == 503


class TestHeaders:
    async def test_security_headers_on_everything(self, client):
        for path in ("/api/things/1", "/api/nowhere", "/api/raise/internal"):
            headers = (await client.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["x-frame-options"] == "DENY"

    async def test_answers_to_commands_are_not_stored(self, client):
        assert (await client.post("/api/echo")).headers["cache-control"] == "no-store"
        assert "cache-control" not in (await client.get("/api/things/1")).headers

    async def test_head_is_get_without_a_body(self, client):
        response = await client.head("/api/things/abc")
        assert (response.status_code, response.content, response.headers["content-length"]) == (200, b"", "3")
        assert (await client.head("/api/orders")).status_code == 405
        assert (await client.head("/api/stream")).content == b""

    async def test_options_names_the_methods(self, client):
        response = await client.options("/api/things/1")
        assert response.status_code == 204
        assert response.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH"
        assert_problem(await client.options("/api/nowhere"), "not_found")


class TestCors:
    ORIGIN = "https://shop.example"

    async def ask(self, origins, origin, *, preflight=False) -> httpx.Response:
        app = make_app(EdgeSettings(access_log=False, cors_origins=origins))
        headers = {"Origin": origin}
        async with client_for(app) as client:
            if not preflight:
                return await client.get("/api/things/1", headers=headers)
            headers["Access-Control-Request-Method"] = "POST"
            return await client.options("/api/orders", headers=headers)

    async def test_off_by_default(self):
        assert not [name for name in (await self.ask((), self.ORIGIN)).headers if name.startswith("access-control")]
        assert "access-control-allow-methods" not in (await self.ask((), self.ORIGIN, preflight=True)).headers

    async def test_a_known_origin(self):
        headers = (await self.ask((self.ORIGIN,), self.ORIGIN)).headers
        assert headers["access-control-allow-origin"] == self.ORIGIN
        assert headers["vary"] == "Origin"
        assert "Kontor-Position" in headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in headers

    async def test_a_preflight(self):
        response = await self.ask((self.ORIGIN,), self.ORIGIN, preflight=True)
        assert response.status_code == 204
        assert response.headers["access-control-allow-origin"] == self.ORIGIN
        assert "POST" in response.headers["access-control-allow-methods"]
        assert "Idempotency-Key" in response.headers["access-control-allow-headers"]

    async def test_an_unknown_origin(self):
        assert "access-control-allow-origin" not in (await self.ask((self.ORIGIN,), "https://evil.example")).headers
        preflight = await self.ask((self.ORIGIN,), "https://evil.example", preflight=True)
        assert "access-control-allow-origin" not in preflight.headers

    async def test_any_origin(self):
        assert (await self.ask(("*",), self.ORIGIN)).headers["access-control-allow-origin"] == "*"


class TestObservation:
    async def test_metrics_by_template(self, client, edge):
        for number in range(3):
            await client.get(f"/api/things/{number}")
        await client.get("/api/nowhere/1")
        await client.request("BREW", "/api/things/1")
        text = edge.metrics.exposition().decode()
        assert 'kontor_http_requests_total{method="GET",route="/api/things/{thing_id}",status="200"} 3.0' in text
        assert 'kontor_http_requests_total{method="GET",route="unmatched",status="404"} 1.0' in text
        assert 'method="other"' in text
        assert 'kontor_http_request_duration_seconds_count{method="GET",route="/api/things/{thing_id}"} 3.0' in text

    async def test_one_line_of_log_without_values(self):
        with structlog.testing.capture_logs() as lines:
            async with client_for(make_app(EdgeSettings(access_log=True))) as client:
                response = await client.get("/api/things/ada@example.com?email=ada@example.com")
        assert lines == [
            {
                "event": "request",
                "log_level": "info",
                "method": "GET",
                "route": "/api/things/{thing_id}",
                "status": 200,
                "ms": lines[0]["ms"],
                "trace": response.headers["traceparent"][3:35],
            }
        ]

    async def test_the_line_names_the_account_and_not_its_token(self):
        app = make_app(EdgeSettings(access_log=True))
        token = app.state.edge.tokens.issue_access("usr_1", "customer", "fam_1").token
        with structlog.testing.capture_logs() as lines:
            async with client_for(app) as client:
                await client.get("/api/me", headers={"Authorization": f"Bearer {token}"})
                await client.get("/api/me", headers={"Authorization": "Bearer forged"})
        assert [(line["status"], line.get("account")) for line in lines] == [(200, "usr_1"), (401, None)]
        assert token not in str(lines)

    async def test_no_log_when_it_is_off(self, client):
        with structlog.testing.capture_logs() as lines:
            await client.get("/api/things/1")
        assert lines == []

    async def test_the_unforeseen_is_logged_with_its_trace(self, client):
        with structlog.testing.capture_logs() as lines:
            response = await client.get("/api/raise/internal")
        assert [(line["event"], line["trace"]) for line in lines] == [("unhandled", response.json()["traceId"])]
        assert "ValueError: secret detail" in lines[0]["traceback"]


async def test_a_failure_after_the_head_breaks_the_connection(app, client):
    async def broken(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ValueError("too late")

    async def send(message):
        pass

    edge = Edge(broken, edge=app.state.edge)
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with pytest.raises(ValueError, match="too late"):
        await edge(scope, None, send)


async def test_other_protocols_pass(app):
    seen = []

    async def inner(scope, receive, send):
        seen.append(scope["type"])

    await Edge(inner, edge=app.state.edge)({"type": "lifespan"}, None, None)
    assert seen == ["lifespan"]


class TestPressure:
    async def test_who_may_not_come_in_is_told_when_to_try_again(self, monkeypatch):
        monkeypatch.setattr(Pressure, "enter", lambda door: False)
        async with client_for(make_app()) as client:
            response = await client.get("/api/things/1")
            assert_problem(response, "overloaded")
            assert response.headers["Retry-After"] == "1"
            assert (await client.get("/livez")).status_code == 404, "it came in, though this application has none"

    async def test_everybody_who_came_in_leaves_however_it_ends(self):
        app = make_app()
        async with client_for(app) as client:
            for path in ("/api/things/1", "/nowhere", "/api/things/1?x=1"):
                await client.get(path)
            await client.post("/api/things/1", content=b"x" * 10, headers={"content-type": "text/plain"})
        edge = app.middleware_stack
        while not isinstance(edge, Edge):
            edge = edge.app
        assert edge.pressure.inside == 0
