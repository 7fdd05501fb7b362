"""Stripe in small: localstripe as a process, and in front of it what localstripe lacks of the real one.

What is added here, and nothing else, is not shown by tests against localstripe but only against this file:

- Idempotency-Key: the first answer again; another request with the key is an ``idempotency_error``; 409 while it runs
- search by metadata, and lists between two instants
- metadata and state of a capture, and how much may be given back: localstripe lets everything pass or says 400 alone
- disputes: there are none
- ``amount_received`` and ``canceled_at`` of a PaymentIntent
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from subprocess import DEVNULL, Popen
from typing import Any
from urllib.parse import parse_qsl, urlencode

import aiohttp
import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

KEY = "sk_test_kontor"
START_S = 30
MARK = re.compile(r"metadata\['(\w+)'\]:'((?:[^'\\]|\\.)*)'")
LISTS = ("/v1/payment_intents", "/v1/refunds")
Answer = tuple[int, dict[str, Any]]


@contextmanager
def localstripe() -> Iterator[str]:
    """Its URL, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = Popen(
        [sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"], stdout=DEVNULL, stderr=DEVNULL
    )
    try:
        url = f"http://localhost:{port}"
        deadline = time.monotonic() + START_S
        while True:
            try:
                httpx.get(f"{url}/v1/refunds", headers={"Authorization": f"Bearer {KEY}"})
                break
            except httpx.TransportError:
                assert process.poll() is None, "localstripe ended"
                assert time.monotonic() < deadline, "localstripe does not answer"
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait()


def refusal(status: int, message: str, **more: str) -> Answer:
    return status, {"error": {"type": "invalid_request_error", "message": message, **more}}


class Front:
    """``application`` answers as Stripe does, by asking localstripe at ``url``."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._answers: dict[str, tuple[str, Answer | None]] = {}
        """By idempotency key: what was asked, and what was answered; None while it runs."""
        self._captured: dict[str, int] = {}
        self._canceled: dict[str, int] = {}
        self.asked: list[str] = []
        """Method and path of each request that came through."""
        self.broken = 0
        """So many of the next commands are carried out, and answered as if they had failed."""

    def application(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self.take, methods=["GET", "POST", "DELETE"])])

    async def take(self, request: Request) -> Response:
        body = (await request.body()).decode()
        self.asked.append(f"{request.method} {request.url.path}")
        status, content = await self._once(request, body)
        if self.broken and request.method == "POST":
            self.broken -= 1
            status, content = 500, {"error": {"type": "api_error", "message": "broken"}}
        return Response(json.dumps(content), status, media_type="application/json")

    async def _once(self, request: Request, body: str) -> Answer:
        key = request.headers.get("idempotency-key")
        if key is None or request.method != "POST":
            return await self._answer(request, body)
        asked = hashlib.sha256(f"{request.url.path} {sorted(parse_qsl(body))}".encode()).hexdigest()
        known = self._answers.get(key)
        if known is not None:
            if known[0] != asked:
                said = (
                    "Keys for idempotent requests can only be used with the same parameters they were first used with."
                )
                return 400, {"error": {"type": "idempotency_error", "message": said}}
            return known[1] or refusal(409, "There is currently another in-progress request using this key.")
        self._answers[key] = (asked, None)
        answer = await self._answer(request, body)
        if answer[0] == 429 or answer[0] >= 500:
            del self._answers[key]
        else:
            self._answers[key] = (asked, answer)
        return answer

    async def _answer(self, request: Request, body: str) -> Answer:
        path = request.url.path
        if path == "/v1/payment_intents/search":
            return await self._search(request.query_params["query"])
        if path == "/v1/disputes":
            return 200, {"object": "list", "url": path, "has_more": False, "data": []}
        if request.method == "GET" and path in LISTS:
            return await self._list(path, request.query_params)
        if path.endswith("/capture"):
            return await self._capture(path, dict(parse_qsl(body)))
        if request.method == "POST" and path == "/v1/refunds":
            return await self._refund(dict(parse_qsl(body)))
        status, content = await self._ask(request.method, path, body)
        if path.endswith("/cancel"):
            if status == 400:
                return refusal(400, "You cannot cancel this PaymentIntent.", code="payment_intent_unexpected_state")
            self._canceled[content["id"]] = int(time.time())
        return status, self._whole(content)

    async def _ask(self, method: str, path: str, body: str = "") -> Answer:
        headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/x-www-form-urlencoded"}
        async with (
            aiohttp.ClientSession() as http,
            http.request(method, self._url + path, data=body, headers=headers) as answer,
        ):
            return answer.status, await answer.json()

    async def _all(self, path: str) -> list[dict[str, Any]]:
        status, content = await self._ask("GET", f"{path}?limit=100")
        assert status == 200, content
        return [self._whole(one) for one in content["data"]]

    async def _search(self, query: str) -> Answer:
        found = MARK.fullmatch(query)
        assert found is not None, query
        name, value = found.groups()
        data = [one for one in await self._all("/v1/payment_intents") if one["metadata"].get(name) == value]
        return 200, {"object": "search_result", "url": "/v1/payment_intents/search", "has_more": False, "data": data}

    async def _list(self, path: str, asked: Any) -> Answer:
        data = await self._all(path)
        if "payment_intent" in asked:
            data = [one for one in data if one["payment_intent"] == asked["payment_intent"]]
        low, high = int(asked.get("created[gte]", 0)), int(asked.get("created[lte]", 2**40))
        data = [one for one in data if low <= one["created"] <= high]
        return 200, {"object": "list", "url": path, "has_more": False, "data": data}

    async def _capture(self, path: str, form: dict[str, str]) -> Answer:
        intent_id = path.split("/")[-2]
        _, intent = await self._ask("GET", f"/v1/payment_intents/{intent_id}")
        amount = int(form.pop("amount_to_capture", intent["amount"]))
        if intent["status"] != "requires_capture":
            return refusal(400, f"It is {intent['status']}.", code="payment_intent_unexpected_state")
        if amount > intent["amount"]:
            return refusal(400, "More than was authorized.", code="amount_too_large")
        await self._ask("POST", f"/v1/payment_intents/{intent_id}", urlencode(form))
        status, content = await self._ask("POST", path, urlencode({"amount_to_capture": amount}))
        self._captured[intent_id] = amount
        return status, self._whole(content)

    async def _refund(self, form: dict[str, str]) -> Answer:
        intent_id = form["payment_intent"]
        given = sum(one["amount"] for one in await self._all("/v1/refunds") if one["payment_intent"] == intent_id)
        if given + int(form["amount"]) > self._captured.get(intent_id, 0):
            return refusal(400, "There is not so much to refund.")
        return await self._ask("POST", "/v1/refunds", urlencode(form))

    def _whole(self, content: dict[str, Any]) -> dict[str, Any]:
        if content.get("object") != "payment_intent":
            return content
        received, canceled = self._captured.get(content["id"], 0), self._canceled.get(content["id"])
        return {**content, "amount_received": received, "canceled_at": canceled}


@asynccontextmanager
async def fronted(url: str) -> AsyncIterator[tuple[Front, str]]:
    """The front and its URL."""
    from tests.streams.gateways.serving import listening

    front = Front(url)
    async with listening(front.application()) as address:
        yield front, address
