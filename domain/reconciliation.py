"""Reconciliation: what a payment provider says it did with the money, and what the log says."""

from __future__ import annotations

from typing import NamedTuple

KINDS = ("authorize", "capture", "void", "refund")


class Movement(NamedTuple):
    """One thing that the provider did. Amounts in minor units, ``at`` in milliseconds since 1970."""

    key: str
    """The intent's event id that asked for it; empty where somebody else did."""
    reference: str
    """The provider's id of the charge."""
    order_id: str
    kind: str
    """One of ``KINDS``."""
    amount: int
    fee: int
    """What the provider keeps of it."""
    currency: str
    at: int
