"""What is said between a gateway in a process of its own and whoever uses it: one signed request an operation.

Every request is signed like a callback (``signatures.py``), with its method, path and query as the message's id, so
that whoever holds no key can make none up and a recorded one serves for nothing else. Repeating one is harmless: the
operation's own key sees to that.

    POST /v1/calls                            a Call   200 with an Answer, or a Refusal with one of the statuses below
    GET  /v1/settlement?since=MS&until=MS     nothing  200 with the settlement report of that time as CSV
"""

from __future__ import annotations

import msgspec

from domain.money import Money
from streams.gateways.port import Dispute, Outcome, Pending

CALLS = "/v1/calls"
SETTLEMENT = "/v1/settlement"
CALL_BYTES_MAX = 16 * 1024

NOT_GENUINE = 401
MISUSE = 409
"""GatewayMisuse: nothing was done, and never will be."""
NOTHING_DONE = 503
"""GatewayError: nothing was done; try again later."""
NOT_KNOWN = 504
"""GatewayTimeout: ``find`` says what became of it."""


class Authorize(msgspec.Struct, frozen=True, tag="authorize"):
    key: str
    order_id: str
    amount: Money
    token: str
    in_parts: bool = False


class Capture(msgspec.Struct, frozen=True, tag="capture"):
    key: str
    reference: str
    amount: Money
    more: bool = False


class Void(msgspec.Struct, frozen=True, tag="void"):
    key: str
    reference: str


class Refund(msgspec.Struct, frozen=True, tag="refund"):
    key: str
    reference: str
    amount: Money


class Find(msgspec.Struct, frozen=True, tag="find"):
    key: str


class Disputes(msgspec.Struct, frozen=True, tag="disputes"):
    reference: str


class DisputesOf(msgspec.Struct, frozen=True, tag="disputes_of"):
    """The answer to ``Disputes``."""

    disputes: tuple[Dispute, ...]


Call = Authorize | Capture | Void | Refund | Find | Disputes
Answer = Outcome | Pending | DisputesOf | None
"""None only for Find: the provider never heard of it."""


class Refusal(msgspec.Struct, frozen=True):
    reason: str


encode = msgspec.json.Encoder().encode
decode_call: msgspec.json.Decoder[Call] = msgspec.json.Decoder(Call)
decode_answer: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)
decode_refusal = msgspec.json.Decoder(Refusal)


def signed_id(method: str, path: str) -> str:
    return f"{method} {path}"
