"""Dispute: the buyer has asked his bank for money of a payment back. The bank decides; the provider tells.

Its events are those of the payment. While it is open the provider has taken the money from us and gives it back only
when it is won; once it is lost, the buyer has it.
"""

from __future__ import annotations

from domain.decider import Event, State
from domain.money import Money

OPEN, WON, LOST = "open", "won", "lost"


class DisputeOpened(Event, frozen=True):
    dispute_id: str
    """The provider's."""
    amount: Money
    reason: str
    """In the provider's words, such as ``fraudulent`` or ``product_not_received``."""
    at: int
    """When the provider opened it (ms)."""
    evidence_by: int = 0
    """Until when evidence is heard (ms); 0 if the provider names no day."""


class DisputeWon(Event, frozen=True):
    dispute_id: str
    amount: Money
    at: int


class DisputeLost(Event, frozen=True):
    dispute_id: str
    amount: Money
    at: int


class Dispute(State, frozen=True):
    """``status``: open, won or lost."""

    amount: Money
    reason: str
    opened_at: int
    evidence_by: int = 0
    status: str = OPEN
    closed_at: int = 0
