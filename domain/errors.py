"""Why a command is refused.

    DomainError                 a stable ``code``, a sentence for a person, data for a program
    ├── Invalid                 validation_failed      the command itself is wrong; names the fields
    │   └── SeveralInvalid      validation_failed      in several places, each with what was expected there
    ├── NotFound                not_found              the thing addressed does not exist (or is not yours to see)
    ├── Forbidden               forbidden              it exists, and is somebody else's
    ├── IllegalTransition       illegal_transition     right command, wrong state
    ├── OutOfStock              out_of_stock           with sku, requested, available
    │   └── NoLongerOffered     out_of_stock           of what a cart holds
    ├── LimitExceeded           validation_failed      a limit of ours or of the seller's
    ├── GiftCardUnusable        gift_card_unusable     with a reason
    └── VersionMismatch         version_mismatch       If-Match named another version

Outcomes that belong to the business (stock refused, payment declined) are events, not errors. Bugs are assertions.
HTTP statuses for these codes live in one table in ``readapi/edge/problems.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple


class DomainError(Exception):
    """A refused command. ``detail`` is for people, ``data`` for programs; neither holds personal data."""

    code: ClassVar[str] = "validation_failed"

    def __init__(self, detail: str, **data: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.data = data


class Invalid(DomainError):
    """The command is malformed; ``pointer`` is the JSON pointer of the offending field in the request body."""

    def __init__(self, detail: str, pointer: str | None = None, **data: Any) -> None:
        super().__init__(detail, **data)
        self.pointer = pointer


TOLD_MAX = 10
"""Violations that the sentence for a person names; programs are told all."""


class Violation(NamedTuple):
    pointer: str
    """JSON pointer of the offending field in the request body."""
    detail: str
    """What was expected there; never the value itself."""


class SeveralInvalid(Invalid):
    """Every place where the command is malformed, at once. ``pointer`` is the first."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        told = [f"{one.pointer}: {one.detail}" for one in violations[:TOLD_MAX]]
        more = f"; and {len(violations) - TOLD_MAX} more" if len(violations) > TOLD_MAX else ""
        super().__init__("; ".join(told) + more, violations[0].pointer)
        self.violations = tuple(violations)


class NotFound(DomainError):
    code = "not_found"


class Forbidden(DomainError):
    code = "forbidden"


class IllegalTransition(DomainError):
    code = "illegal_transition"


class OutOfStock(DomainError):
    code = "out_of_stock"

    def __init__(self, sku: str, requested: int, available: int, detail: str = "") -> None:
        told = detail or f"only {available} of {sku} left, {requested} requested"
        super().__init__(told, sku=sku, requested=requested, available=available)


class NoLongerOffered(OutOfStock):
    """What a cart holds was taken off sale; how much of it there is does not matter."""

    def __init__(self, sku: str, requested: int) -> None:
        super().__init__(sku, requested, 0, f"{sku} is no longer offered by this seller; take it out of the cart")


class LimitExceeded(Invalid):
    """More than a stated limit allows."""


class GiftCardUnusable(Invalid):
    """The gift card that was named pays for nothing of this order."""

    code = "gift_card_unusable"

    def __init__(self, reason: str, detail: str, pointer: str = "/giftCard") -> None:
        super().__init__(detail, pointer, reason=reason)


class VersionMismatch(DomainError):
    code = "version_mismatch"

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(f"version {expected} expected, the resource is at {actual}", expected=expected, actual=actual)
