"""Buy something from a running Kontor, as a client that knows nothing but the documented surface.

    python scripts/smoke_purchase.py http://127.0.0.1:8000

Waits until the catalog answers, then: register, sign in, address, payment method, find a product that is in stock, put
it into the cart, quote, order, read the order back. Exit 0 when the order is PAID. The standard library is enough.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

SEARCHES = ("laptop", "printer", "monitor", "cable")
ADDRESS = {
    "name": "Ada Example",
    "line1": "350 Fifth Avenue",
    "city": "New York",
    "region": "NY",
    "postalCode": "10118",
    "country": "US",
}
REQUEST_SECONDS = 30


class Failed(Exception):
    """Kontor did something other than what its contract says."""


@dataclass(slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: Any


@dataclass(slots=True)
class Client:
    """Speaks JSON, carries the token, and reads its own writes by passing on the newest position it was told."""

    base: str
    token: str = ""
    position: str = ""

    def call(self, method: str, path: str, body: object = None, *, expect: int, **headers: str) -> Any:
        answer = self.send(method, path, body, headers)
        if answer.status != expect:
            raise Failed(f"{method} {path}: {answer.status} instead of {expect}: {json.dumps(answer.body)[:800]}")
        return answer.body

    def send(self, method: str, path: str, body: object, headers: dict[str, str]) -> Answer:
        request = urllib.request.Request(self.base + path, method=method)
        request.add_header("Accept", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        if self.position and method == "GET":
            request.add_header("Kontor-Min-Position", self.position)
            request.add_header("Prefer", "wait=10")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        if isinstance(body, bytes):
            request.data = body
        elif body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, timeout=REQUEST_SECONDS) as response:
                answer = Answer(response.status, dict(response.headers), parsed(response.read()))
        except urllib.error.HTTPError as error:
            answer = Answer(error.code, dict(error.headers), parsed(error.read()))
        self.position = answer.headers.get("Kontor-Position") or self.position
        return answer


def parsed(data: bytes) -> Any:
    try:
        return json.loads(data) if data else None
    except ValueError:
        return data.decode(errors="replace")


def say(text: str) -> None:
    print(f"  {text}", flush=True)


def money(value: dict[str, Any]) -> str:
    return f"{value['amount']} {value['currency']} (minor units)"


def find_product(client: Client) -> dict[str, Any] | None:
    """The best hit that is in stock, of the first search that has one."""
    for words in SEARCHES:
        query = urllib.parse.urlencode({"q": words, "inStock": "true", "limit": 5})
        items = client.call("GET", f"/api/products?{query}", expect=200)["items"]
        for item in items:
            if not item["inStock"]:
                raise Failed(f"a search for what is in stock found {item['productId']}, which is not")
        if items:
            say(f"found by {words!r}: {items[0]['title']} ({items[0]['sku']}), {money(items[0]['price'])}")
            return dict(items[0])
    return None


def wait_until_ready(client: Client, seconds: float) -> dict[str, Any]:
    """Ready means: a product can be found and is in stock. Until then refusals and empty answers are expected."""
    start, last = time.monotonic(), ""
    while time.monotonic() - start < seconds:
        try:
            if found := find_product(client):
                say(f"ready after {time.monotonic() - start:.1f} s")
                return found
            last = "no product in stock was found"
        except (OSError, Failed) as problem:
            last = str(problem)
        time.sleep(0.25)
    raise Failed(f"not ready after {seconds:.0f} s: {last}")


def sign_up(client: Client) -> None:
    email, password = f"smoke-{secrets.token_hex(6)}@example.com", secrets.token_urlsafe(18)
    body = {"email": email, "password": password, "name": ADDRESS["name"]}
    user = client.call("POST", "/api/auth/register", body, expect=201)
    say(f"registered {user['userId']}")
    form = urllib.parse.urlencode({"grant_type": "password", "username": email, "password": password}).encode()
    content_type = "application/x-www-form-urlencoded"
    tokens = client.call("POST", "/api/auth/token", form, expect=200, Content_Type=content_type)
    client.token = tokens["access_token"]
    say(f"signed in, scope {tokens['scope']}, token good for {tokens['expires_in']} s")


def order(client: Client, product: dict[str, Any]) -> dict[str, Any]:
    """From the cart to the answer of POST /api/orders, sent twice: the second time must change nothing."""
    address = client.call("POST", "/api/me/addresses", ADDRESS, expect=201)["addressId"]
    token = {"token": "pm_card_visa"}
    payment_method = client.call("POST", "/api/me/payment-methods", token, expect=201)["paymentMethodId"]
    say(f"address {address}, payment method {payment_method}")

    cart = client.call("POST", "/api/cart/items", {"sku": product["sku"], "quantity": 1}, expect=201)
    [line] = cart["lines"]
    say(f"cart {cart['cartId']}: {line['quantity']} x {line['title']}, {money(line['total'])}")

    place = {"cartId": cart["cartId"], "addressId": address}
    quote = client.call("POST", "/api/orders/quote", place, expect=200)
    say(f"quote: {json.dumps(quote['totals'])[:300]}")

    body = {**place, "paymentMethodId": payment_method}
    headers = {"Idempotency_Key": secrets.token_hex(16), "Prefer": "wait=10"}
    start = time.monotonic()
    placed = client.call("POST", "/api/orders", body, expect=202, **headers)
    say(f"order {placed['orderId']}: {placed['status']} after {time.monotonic() - start:.3f} s")
    again = client.call("POST", "/api/orders", body, expect=202, **headers)
    if again["orderId"] != placed["orderId"]:
        raise Failed(f"the same request with the same key made a second order, {again['orderId']}")
    return dict(placed)


def check(client: Client, placed: dict[str, Any], product: dict[str, Any]) -> None:
    seen = client.call("GET", f"/api/orders/{placed['orderId']}", expect=200)
    for name, state in (("the reply", placed), ("the order read back", seen)):
        if state["status"] != "PAID":
            raise Failed(f"{name} says {state['status']}, not PAID: {json.dumps(state)[:800]}")
    if [line["sku"] for line in seen["lines"]] != [product["sku"]]:
        raise Failed(f"other lines than ordered: {json.dumps(seen['lines'])[:800]}")
    history = client.call("GET", "/api/orders", expect=200)
    if placed["orderId"] not in [item["orderId"] for item in history["items"]]:
        raise Failed("the order is not in its buyer's history")
    say(f"{placed['orderId']} is PAID, {money(seen['totals']['grand'])}, and in the history")


def main() -> int:
    parser = argparse.ArgumentParser(description="Buy something from a running Kontor.")
    parser.add_argument("base", help="where it listens, such as http://127.0.0.1:8000")
    parser.add_argument("--ready-seconds", type=float, default=90, help="how long to wait for it (default: 90)")
    parser.add_argument("--only-wait", action="store_true", help="wait until it is ready and buy nothing")
    arguments = parser.parse_args()
    client = Client(arguments.base.rstrip("/"))
    try:
        product = wait_until_ready(client, arguments.ready_seconds)
        if not arguments.only_wait:
            sign_up(client)
            check(client, order(client, product), product)
    except (Failed, OSError, KeyError, TypeError, ValueError) as problem:
        print(f"FAILED: {type(problem).__name__}: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
