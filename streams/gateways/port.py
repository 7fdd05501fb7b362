"""The port of a payment provider: what Kontor asks of one, and what can come back.

Every call carries a ``key``, that of the intent that asks for it (``pay_…/1.1764612300000``). The provider acts at most
once per key and gives the same answer again, so a call may be repeated whenever its outcome is in doubt, and ``find``
settles every doubt.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

import msgspec

from domain.books.reconciliation import Movement
from domain.money import Money

FOREVER = 2**62
"""Later than any instant, in milliseconds."""


class Authorized(msgspec.Struct, frozen=True, tag="authorized"):
    """The money is set aside. ``reference`` is the provider's id of the charge, ``until`` the instant (ms) at which the
    provider lets it go by itself; 0 if it does not say."""

    reference: str
    until: int = 0


class Declined(msgspec.Struct, frozen=True, tag="declined"):
    """Final: no money is set aside, and never will be for this key."""

    reason: str


class Captured(msgspec.Struct, frozen=True, tag="captured"):
    pass


class CaptureRefused(msgspec.Struct, frozen=True, tag="capture_refused"):
    """Final: the authorization is gone (expired, voided), nothing was taken and nothing is set aside any more."""

    reason: str


class Voided(msgspec.Struct, frozen=True, tag="voided"):
    pass


class Refunded(msgspec.Struct, frozen=True, tag="refunded"):
    pass


class RefundRefused(msgspec.Struct, frozen=True, tag="refund_refused"):
    """Final for this key: nothing was given back. The charge is not known there, or holds less than was asked for."""

    reason: str


class Pending(msgspec.Struct, frozen=True, tag="pending"):
    """Accepted; the outcome comes by callback, and ``find`` has it as soon as there is one."""


Outcome = Authorized | Declined | Captured | CaptureRefused | Voided | Refunded | RefundRefused
"""What can become of an operation in the end."""


class Notice(msgspec.Struct, frozen=True):
    """A callback whose signature was good: what became of the operation with this key."""

    key: str
    outcome: Outcome


class Dispute(msgspec.Struct, frozen=True):
    """How a dispute stands at the provider. ``status``: open, won or lost; instants in milliseconds."""

    dispute_id: str
    payment_id: str
    """Ours."""
    amount: Money
    reason: str
    status: str
    opened_at: int
    evidence_by: int = 0
    """Until when evidence is heard; 0 if no day is named."""


class Disputed(msgspec.Struct, frozen=True, tag="disputed"):
    """A callback that says that something about disputes of the charge ``reference`` is new. ``disputes`` tells what:
    so it may come late, twice, or after a newer one."""

    reference: str


class GatewayError(Exception):
    """The provider certainly did nothing. Try again later."""


class GatewayMisuse(GatewayError):
    """The provider did nothing and never will, however often it is asked: a bug on our side, or a tampered record."""


class GatewayTimeout(Exception):
    """The provider did not answer; what happened there is unknown."""


class BadSignature(Exception):
    """A callback that does not come from the provider, or is too old."""


class PaymentGateway(Protocol):
    """One provider. Calls raise GatewayTimeout or GatewayError besides what they return."""

    name: str
    """The ``{provider}`` of its callback's address."""

    async def authorize(
        self, key: str, order_id: str, amount: Money, token: str, *, in_parts: bool = False
    ) -> Authorized | Declined | Pending:
        """Sets ``amount`` aside on the payment method that ``token`` names; ``in_parts`` to be captured in several."""

    async def capture(
        self, key: str, reference: str, amount: Money, *, more: bool = False
    ) -> Captured | CaptureRefused | Pending:
        """Takes what was set aside, or a part of it. The rest stays set aside if ``more`` is to come, and is let go
        otherwise. All parts together never exceed what was authorized."""

    async def void(self, key: str, reference: str) -> Voided | Pending:
        """Gives up what was set aside and is not captured."""

    async def refund(self, key: str, reference: str, amount: Money) -> Refunded | RefundRefused | Pending:
        """Gives back what was taken, or a part of it. A provider may have forgotten that it refused."""

    async def find(self, key: str) -> Outcome | Pending | None:
        """What became of the operation with this key; None when the provider never heard of it."""

    async def disputes(self, reference: str) -> Sequence[Dispute]:
        """How the disputes of a charge stand now. Inquiries that moved no money are none."""

    def settlement(self, since: int = 0, until: int = FOREVER) -> AsyncIterator[Movement]:
        """The provider's own account of what it did from ``since`` to before ``until`` (ms), in any order.

        Whatever set money aside, took it, gave it up or gave it back, and what disputes took and gave back; what was
        declined or refused is no movement.
        """

    def notice(self, body: bytes, headers: Mapping[str, str]) -> Notice | Disputed | None:
        """Reads a callback; header names in lower case. None: genuine, and of no interest.

        Raises BadSignature, and ``domain.errors.Invalid`` for a signed body that cannot be read.
        """
