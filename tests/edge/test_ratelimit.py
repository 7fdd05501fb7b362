"""Quotas: how much passes, when it passes again, what the headers say, and that memory stays bounded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readapi.edge.problems import RateLimited
from readapi.edge.ratelimit import Limiter, Policy, client_of
from readapi.edge.state import EdgeSettings
from tests.edge.conftest import client_for, make_app
from tests.edge.problems import assert_problem


class Clock:
    at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


def limiter(clock, quota=5, window=10, **options) -> Limiter:
    return Limiter({"p": Policy(quota, window)}, now=clock, **options)


class TestLimiter:
    def test_the_whole_quota_at_once_and_no_more(self, clock):
        limit = limiter(clock)
        assert [limit.take("p", "a").remaining for _ in range(5)] == [4, 3, 2, 1, 0]
        with pytest.raises(RateLimited) as refused:
            limit.take("p", "a")
        assert refused.value.headers == {
            "RateLimit-Policy": '"p";q=5;w=10',
            "RateLimit": '"p";r=0;t=12',
            "Retry-After": "2",
        }
        limit.take("p", "b")

    def test_waiting_as_told_is_enough(self, clock):
        limit = limiter(clock)
        for _ in range(5):
            limit.take("p", "a")
        clock.at += 2
        limit.take("p", "a")
        with pytest.raises(RateLimited):
            limit.take("p", "a")

    def test_an_idle_subject_has_its_whole_quota_again(self, clock):
        limit = limiter(clock)
        for _ in range(5):
            limit.take("p", "a")
        clock.at += 1000
        assert limit.take("p", "a").remaining == 4

    @given(st.integers(1, 2000), st.integers(1, 100), st.lists(st.floats(0, 5), max_size=200))
    def test_never_more_than_quota_plus_refill(self, quota, window, pauses):
        clock = Clock()
        limit = limiter(clock, quota, window)
        passed = 0
        for pause in pauses:
            clock.at += pause
            try:
                limit.take("p", "a")
                passed += 1
            except RateLimited:
                pass
        assert passed <= quota + sum(pauses) * quota / window + 1e-3

    def test_failures_are_counted_apart_from_attempts(self, clock):
        limit = limiter(clock, 3, 60)
        for _ in range(10):
            limit.attempt("p", "ada")
            limit.give_back("p", "ada")
        for _ in range(3):
            limit.check("p", "ada")
            limit.attempt("p", "ada")
        with pytest.raises(RateLimited):
            limit.attempt("p", "ada")
        with pytest.raises(RateLimited):
            limit.check("p", "ada")
        limit.check("p", "bob")

    def test_what_is_cleared_was_never_counted_and_no_other(self, clock):
        limit = limiter(clock, 3, 60)
        for subject in ("ada", "bob"):
            for _ in range(3):
                limit.attempt("p", subject)
        limit.clear("p", "ada")
        limit.clear("p", "nobody")
        assert limit.take("p", "ada").remaining == 2
        with pytest.raises(RateLimited):
            limit.check("p", "bob")

    def test_an_attempt_that_succeeds_after_others_failed_leaves_their_count(self, clock):
        limit = limiter(clock, 3, 60)
        for _ in range(3):
            limit.attempt("p", "ada")
        limit.give_back("p", "ada")
        limit.give_back("p", "nobody")
        limit.attempt("p", "ada")
        with pytest.raises(RateLimited):
            limit.attempt("p", "ada")

    def test_who_is_sent_away_uncounted_is_told_as_much(self, clock):
        limit = limiter(clock)
        for _ in range(5):
            limit.attempt("p", "a")
        refusals = []
        for refuse in (limit.check, limit.attempt):
            with pytest.raises(RateLimited) as refused:
                refuse("p", "a")
            refusals.append(refused.value.headers)
        assert refusals[0] == refusals[1]
        assert "RateLimit" in refusals[0]

    def test_threads_do_not_pass_each_other(self, clock):
        limit = limiter(clock, 500, 10)

        def passes(_: int) -> bool:
            try:
                limit.take("p", "a")
            except RateLimited:
                return False
            return True

        with ThreadPoolExecutor(8) as threads:
            assert sum(threads.map(passes, range(4_000))) == 500

    def test_switched_off(self, clock):
        limit = limiter(clock, 1, enabled=False)
        state: dict = {}
        for _ in range(5):
            limit.charge(state, "p", "a")
            limit.attempt("p", "a")
            limit.check("p", "a")
        assert state == {}

    def test_memory_is_bounded_and_the_idle_go_first(self, clock):
        limit = limiter(clock, 5, 10, subjects_max=100)
        for number in range(50):
            limit.take("p", f"idle{number}")
        clock.at += 100
        for _ in range(5):
            limit.take("p", "busy")
        for number in range(99):
            limit.take("p", f"new{number}")
        assert len(limit._empty_at["p"]) <= 100
        with pytest.raises(RateLimited):
            limit.take("p", "busy")
        for number in range(1000):
            limit.take("p", f"more{number}")
            assert len(limit._empty_at["p"]) <= 100


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unix:", "unix:"),
    ],
)
def test_subject_of_an_address(address, subject):
    assert client_of({"client": (address, 1)}) == subject
    assert client_of({"client": None}) == "unknown"


class TestOverHttp:
    @pytest.fixture
    def app(self):
        policies = {
            "ip": Policy(1000, 1),
            "default": Policy(3, 60),
            "checkout": Policy(1, 60),
            "auth": Policy(2, 60),
            "login": Policy(10, 60),
        }
        return make_app(EdgeSettings(access_log=False, policies=policies))

    async def test_headers_of_the_client_quota(self, client):
        headers = (await client.get("/api/things/1")).headers
        assert headers["ratelimit-policy"] == '"ip";q=1000;w=1'
        assert headers["ratelimit"] == '"ip";r=999;t=1'

    async def test_an_account_has_its_own(self, client, bearer):
        seen = [await client.get("/api/me", headers=bearer()) for _ in range(4)]
        assert [response.status_code for response in seen] == [200, 200, 200, 429]
        assert seen[0].headers["ratelimit-policy"] == '"ip";q=1000;w=1, "default";q=3;w=60'
        assert '"default";r=2;t=20' in seen[0].headers["ratelimit"]
        assert assert_problem(seen[3], "rate_limited")["policy"] == "default"
        assert seen[3].headers["retry-after"] == "20"
        assert seen[3].headers.get_list("ratelimit") == ['"default";r=0;t=80']
        assert (await client.get("/api/me", headers=bearer(account="usr_2"))).status_code == 200

    async def test_a_policy_of_a_route(self, client, bearer):
        first, second = [
            await client.post("/api/checkout", json={}, headers=bearer() | {"Idempotency-Key": key}) for key in "ab"
        ]
        assert first.status_code == 200
        assert assert_problem(second, "rate_limited")["policy"] == "checkout"

    async def test_sign_in_per_client(self, client):
        seen = [await client.post("/api/auth/token", data={"grant_type": "password"}) for _ in range(3)]
        assert [response.status_code for response in seen] == [200, 200, 429]

    async def test_the_client_quota_comes_before_everything(self):
        policies = EdgeSettings().policies | {"ip": Policy(1, 60)}
        async with client_for(make_app(EdgeSettings(access_log=False, policies=policies))) as client:
            await client.get("/api/things/1")
            assert_problem(await client.get("/api/things/1"), "rate_limited")
