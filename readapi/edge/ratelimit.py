"""Quotas per account, client address or e-mail, kept in this process.

The algorithm is GCRA, the leaky bucket as a meter (ITU-T I.371; Brandur Leach's throttled): one float per subject,
the instant at which its bucket is empty again. A subject that never comes back costs nothing to forget, since an empty
bucket is the same as none.

Headers follow draft-ietf-httpapi-ratelimit-headers: ``RateLimit-Policy: "default";q=500;w=1`` states a quota of q
requests per window of w seconds, ``RateLimit: "default";r=499;t=1`` what remains and when the quota is whole again.
Several processes each count for themselves, so a client spread over n processes gets up to n times the quota.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from ipaddress import ip_network
from math import ceil
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.types import Scope

from readapi.edge.principal import edge_of, principal_of
from readapi.edge.problems import RateLimited

SUBJECTS_MAX = 100_000


class Policy(NamedTuple):
    """``quota`` requests per ``window`` seconds; all of it may be spent at once."""

    quota: int
    window: int


POLICIES: dict[str, Policy] = {
    "ip": Policy(10_000, 1),
    "default": Policy(500, 1),
    "checkout": Policy(1_000, 10),
    "auth": Policy(500, 10),
    "login": Policy(10, 60),
    "guesses": Policy(300, 60),
    "codes": Policy(20, 3_600),
    "taken": Policy(60, 60),
    "gift_card": Policy(20, 600),
    "coupon": Policy(60, 60),
    "signals": Policy(300, 60),
    "letters": Policy(5, 3_600),
    "asking": Policy(60, 600),
    "welcome": Policy(60, 600),
}
"""``ip`` per client address on every request; ``default`` and ``checkout`` per account; ``auth`` per client address.
Per e-mail look-up: ``login`` failed sign-ins, ``letters`` what is asked to be sent there.
Per client address: ``asking`` for letters, ``welcome`` letters of sign-ups, ``signals`` whatever is told or asked of a
session; and only when it comes to nothing ``guesses`` sign-ins and letters' tokens, ``taken`` sign-ups with somebody's
address, ``gift_card`` and ``coupon`` codes that are good for nothing."""


class Decision(NamedTuple):
    policy: str
    remaining: int
    reset: int
    """Seconds until the quota is whole again."""


class Limiter:
    """``enabled=False`` admits everything. ``now`` gives seconds from any origin that does not jump.

    Threads may share it.
    """

    def __init__(
        self,
        policies: Mapping[str, Policy] = POLICIES,
        *,
        enabled: bool = True,
        subjects_max: int = SUBJECTS_MAX,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.enabled = enabled
        self._policies = {name: (policy.quota, policy.window) for name, policy in policies.items()}
        self._empty_at: dict[str, dict[str, float]] = {name: {} for name in policies}
        self._headers = {name: f'"{name}";q={policy.quota};w={policy.window}' for name, policy in policies.items()}
        self._raw_policies = {name: header.encode() for name, header in self._headers.items()}
        self._subjects_max = subjects_max
        self._now = now
        self._lock = threading.Lock()

    def charge(self, state: dict[str, Any], policy: str, subject: str) -> None:
        """Counts one request, and notes the decision in the request's ``state`` for the headers of its response.

        Raises ``RateLimited`` when the quota is used up; refused requests are not counted.
        """
        if not self.enabled:
            return
        decision = self.take(policy, subject)
        noted = state.get("quotas")
        state["quotas"] = (decision,) if noted is None else (*noted, decision)

    def take(self, policy: str, subject: str) -> Decision:
        """Counts one. Raises ``RateLimited``."""
        quota, window = self._policies[policy]
        buckets = self._empty_at[policy]
        with self._lock:
            now = self._now()
            level = buckets.get(subject, now)
            filled = (level - now if level > now else 0.0) + window / quota
            # The tolerance is for rounding: q additions of w/q may come to slightly more than w.
            passes = filled <= window + 1e-6
            if passes:
                if level <= now and len(buckets) >= self._subjects_max:
                    self._forget(buckets, now)
                buckets[subject] = now + filled
        if not passes:
            raise self._refusal(policy, filled)
        return Decision(policy, int((window - filled) * quota / window + 1e-6), ceil(filled))

    # For quotas that only failures use up.

    def check(self, policy: str, subject: str) -> None:
        """Raises ``RateLimited`` if ``attempt`` would, without counting."""
        quota, window = self._policies[policy]
        filled = self._empty_at[policy].get(subject, 0.0) - self._now() + window / quota
        if self.enabled and filled > window + 1e-6:
            raise self._refusal(policy, filled)

    def attempt(self, policy: str, subject: str) -> None:
        """Counts what may fail, before it is tried: any number may be under way at once, and none slips through.

        Raises ``RateLimited``. Who succeeds calls ``give_back``.
        """
        if self.enabled:
            self.take(policy, subject)

    def give_back(self, policy: str, subject: str) -> None:
        """Takes an attempt out of the count again."""
        if not self.enabled:
            return
        quota, window = self._policies[policy]
        buckets = self._empty_at[policy]
        with self._lock:
            if subject in buckets:
                buckets[subject] -= window / quota

    def clear(self, policy: str, subject: str) -> None:
        """Forgets all that was counted: what it was counted for is over."""
        with self._lock:
            self._empty_at[policy].pop(subject, None)

    @contextmanager
    def counting(self, policy: str, subject: str, failure: type[Exception]) -> Iterator[None]:
        """``attempt`` for a block, which takes it out again unless it fails in this way."""
        self.attempt(policy, subject)
        try:
            yield
        except failure:
            raise
        except BaseException:
            self.give_back(policy, subject)
            raise
        self.give_back(policy, subject)

    def headers(self, decisions: tuple[Decision, ...]) -> dict[str, str]:
        return {
            "RateLimit-Policy": ", ".join([self._headers[decision.policy] for decision in decisions]),
            "RateLimit": ", ".join([f'"{name}";r={remaining};t={reset}' for name, remaining, reset in decisions]),
        }

    def raw_headers(self, decisions: tuple[Decision, ...]) -> list[tuple[bytes, bytes]]:
        """The same for ASGI."""
        if len(decisions) == 1:
            policy, remaining, reset = decisions[0]
            limit = f'"{policy}";r={remaining};t={reset}'.encode()
            return [(b"ratelimit-policy", self._raw_policies[policy]), (b"ratelimit", limit)]
        return [(name.lower().encode(), value.encode()) for name, value in self.headers(decisions).items()]

    def _refusal(self, policy: str, filled: float) -> RateLimited:
        """``filled`` in seconds, with the request that does not go in."""
        _, window = self._policies[policy]
        return RateLimited(policy, max(1, ceil(filled - window)), self.headers((Decision(policy, 0, ceil(filled)),)))

    def _forget(self, buckets: dict[str, float], now: float) -> None:
        """Makes room: empty buckets first, which loses nothing, then the eighth that came first."""
        for subject in [subject for subject, empty_at in buckets.items() if empty_at <= now]:
            del buckets[subject]
        if len(buckets) >= self._subjects_max:
            for subject in list(buckets)[: max(1, self._subjects_max // 8)]:
                del buckets[subject]


def client_of(scope: Scope) -> str:
    """The client's address as a subject. Behind a proxy the server must be told to trust its headers."""
    client = scope.get("client")
    return _subject(client[0]) if client else "unknown"


@lru_cache(maxsize=8192)
def _subject(address: str) -> str:
    """An IPv6 customer has a /64 at least, so that is what counts."""
    if ":" not in address:
        return address
    try:
        return str(ip_network((address.partition("%")[0], 64), strict=False))
    except ValueError:
        return address


def limited(policy: str) -> Callable[[Request], Awaitable[None]]:
    """A dependency that charges this policy to the account, or to the client's address when nobody is signed in."""

    async def dependency(request: Request) -> None:
        principal = principal_of(request)
        subject = client_of(request.scope) if principal is None else principal.account_id
        edge_of(request).limiter.charge(request.scope["state"], policy, subject)

    return dependency


async def limited_by_client(request: Request) -> None:
    """A dependency for sign-in and registration: the ``auth`` policy per client address, whatever token was sent."""
    state = request.scope.setdefault("state", {})
    edge_of(request).limiter.charge(state, "auth", client_of(request.scope))
