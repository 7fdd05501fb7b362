"""A person looks at an order before its money is taken: events and state. ``orderreviewing.py`` has the rules."""

from __future__ import annotations

from domain.decider import Event, State
from domain.money import Money

REJECTED = "rejected"
"""The reason of a cancellation. In public it is ``cancelled``, as for everything that people call off."""


class ReviewBegun(Event, frozen=True):
    """The goods are set aside and the money is authorized; the order goes on once somebody approves of it."""

    account_id: str
    amount: Money
    reasons: tuple[str, ...]
    """As in ``policy.py``."""
    at: int
    until: int
    """Rejected by itself when nobody has decided by then (ms)."""


class ReviewApproved(Event, frozen=True):
    at: int
    by: str
    note: bytes = b""
    """Sealed with the buyer's key."""


class ReviewRejected(Event, frozen=True):
    """``by`` is empty when the time was over."""

    at: int
    by: str = ""
    note: bytes = b""
    """Sealed with the buyer's key."""


class Review(State, frozen=True):
    """``status``: open or approved; an order that was rejected is cancelled."""

    until: int
    status: str = "open"
