"""Access tokens, principals and cart tokens: what is accepted, and everything that must not be."""

from __future__ import annotations

import base64
import json
import time

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from readapi.edge.cart_token import CartTokens
from readapi.edge.principal import Principal
from readapi.edge.problems import BadParameter, Unauthenticated
from readapi.edge.tokens import AccessTokens
from tests.edge.conftest import client_for, make_app
from tests.edge.problems import assert_problem

KEY = b"j" * 32


class Clock:
    at = 1_700_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock) -> AccessTokens:
    return AccessTokens(KEY, now=clock)


def part(data: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def claims(clock, **changes):
    now = int(clock())
    good = {
        "iss": "kontor",
        "aud": "kontor-api",
        "sub": "usr_1",
        "scope": "customer",
        "fam": "fam_1",
        "iat": now,
        "exp": now + 900,
        "jti": "x",
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


class TestAccessTokens:
    def test_issued_and_verified(self, tokens):
        issued = tokens.issue_access("usr_1", ["customer", "merchant"], "fam_1")
        assert issued.expires_in == 900
        assert tokens.verify(issued.token) == Principal("usr_1", frozenset({"customer", "merchant"}), "fam_1")

    def test_carries_the_registered_claims(self, tokens, clock):
        decoded = jwt.decode(
            tokens.issue_access("usr_1", "customer", "fam_1").token, options={"verify_signature": False}
        )
        assert decoded | {"jti": "x"} == claims(clock)
        assert len(decoded["jti"]) >= 12

    def test_the_claims_of_these_tests_are_good(self, tokens, clock):
        assert tokens.verify(jwt.encode(claims(clock), KEY)).account_id == "usr_1"

    @pytest.mark.parametrize(
        "changes",
        [
            {"iss": "somebody"},
            {"aud": "elsewhere"},
            {"sub": None},
            {"sub": 5},
            {"scope": None},
            {"scope": ["admin"]},
            {"fam": None},
            {"fam": 7},
            {"exp": None},
            {"exp": "soon"},
            {"exp": 1.5},
            {"iat": None},
            {"jti": None},
            {"nbf": 2_000_000_000_000},
        ],
    )
    def test_wrong_claims(self, tokens, clock, changes):
        with pytest.raises(Unauthenticated):
            tokens.verify(jwt.encode(claims(clock, **changes), KEY))

    def test_another_key(self, tokens, clock):
        with pytest.raises(Unauthenticated):
            tokens.verify(jwt.encode(claims(clock), b"x" * 32))

    @pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
    def test_no_algorithm(self, tokens, clock, algorithm):
        for signature in ("", "AAAA"):
            forged = f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims(clock))}.{signature}"
            with pytest.raises(Unauthenticated):
                tokens.verify(forged)

    @pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
    @pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
    def test_another_algorithm_with_the_right_key(self, tokens, clock, algorithm):
        with pytest.raises(Unauthenticated):
            tokens.verify(jwt.encode(claims(clock), KEY, algorithm=algorithm))

    def test_an_altered_payload(self, tokens, clock):
        head, _, signature = tokens.issue_access("usr_1", "customer", "fam_1").token.split(".")
        with pytest.raises(Unauthenticated):
            tokens.verify(f"{head}.{part(claims(clock, scope='admin'))}.{signature}")

    def test_expiry_is_checked_for_remembered_tokens_too(self, tokens, clock):
        token = tokens.issue_access("usr_1", "customer", "fam_1").token
        tokens.verify(token)
        clock.at += 899
        tokens.verify(token)
        clock.at += 1
        for each in (tokens, AccessTokens(KEY, now=clock)):
            with pytest.raises(Unauthenticated, match="expired"):
                each.verify(token)

    def test_a_family_that_was_signed_out(self, clock):
        gone: set[str] = set()
        tokens = AccessTokens(KEY, now=clock, revoked=gone.__contains__)
        token = tokens.issue_access("usr_1", "customer", "fam_1").token
        tokens.verify(token)
        gone.add("fam_1")
        with pytest.raises(Unauthenticated, match="ended"):
            tokens.verify(token)

    def test_memory_is_bounded(self, clock):
        tokens = AccessTokens(KEY, now=clock, cache=10)
        for number in range(100):
            tokens.verify(tokens.issue_access(f"usr_{number}", "customer", "fam_1").token)
        assert len(tokens._young) + len(tokens._old) <= 20

    def test_a_repeated_token_is_cheap(self, tokens):
        token = tokens.issue_access("usr_1", "customer", "fam_1").token
        tokens.verify(token)
        start = time.perf_counter()
        for _ in range(1000):
            tokens.verify(token)
        assert time.perf_counter() - start < 0.05

    @given(st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]{0,40}(\.[A-Za-z0-9_-]{0,40}){0,3}", fullmatch=True))
    def test_nonsense_is_refused_and_nothing_else(self, text):
        with pytest.raises(Unauthenticated):
            AccessTokens(KEY).verify(text)


class TestPrincipal:
    async def test_without_a_token(self, client):
        response = await client.get("/api/me")
        assert_problem(response, "unauthenticated")
        assert response.headers["www-authenticate"] == 'Bearer realm="kontor"'
        assert (await client.get("/api/anyone")).json() == {"accountId": None}

    async def test_with_a_token(self, client, bearer):
        assert (await client.get("/api/me", headers=bearer())).json() == {"accountId": "usr_1", "family": "fam_1"}
        assert (await client.get("/api/anyone", headers=bearer())).json() == {"accountId": "usr_1"}

    @pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer ", "Bearer nonsense", "nonsense", ""])
    async def test_a_bad_header_is_refused_even_where_none_is_needed(self, client, header):
        for path in ("/api/me", "/api/anyone"):
            response = await client.get(path, headers={"Authorization": header})
            assert_problem(response, "unauthenticated")
            assert 'error="invalid_token"' in response.headers["www-authenticate"]

    async def test_scopes(self, client, bearer):
        response = await client.get("/api/shop", headers=bearer("customer"))
        assert_problem(response, "forbidden")
        assert 'scope="merchant"' in response.headers["www-authenticate"]
        assert (await client.get("/api/shop", headers=bearer("customer merchant"))).status_code == 200
        assert (await client.get("/api/shop", headers=bearer("admin"))).status_code == 200
        assert (await client.get("/api/admin", headers=bearer("customer merchant"))).status_code == 403

    async def test_sign_out_reaches_the_edge(self):
        gone: set[str] = set()
        app = make_app(revoked=gone.__contains__)
        token = app.state.edge.tokens.issue_access("usr_1", "customer", "fam_1").token
        async with client_for(app) as client:
            headers = {"Authorization": f"bearer {token}"}
            assert (await client.get("/api/me", headers=headers)).status_code == 200
            gone.add("fam_1")
            assert_problem(await client.get("/api/me", headers=headers), "unauthenticated")


class TestCartTokens:
    def test_round_trip(self):
        token = CartTokens(KEY).issue("crt_01HZX")
        assert token.startswith("crt_01HZX.")
        assert CartTokens(KEY).verify(token) == "crt_01HZX"

    @pytest.mark.parametrize("token", ["", ".", "crt_1", "crt_1.", ".AAAA", "crt_1.AAAA", "crt_1.ü", "x" * 300])
    def test_forged(self, token):
        with pytest.raises(BadParameter):
            CartTokens(KEY).verify(token)

    def test_of_another_cart_or_key(self):
        signature = CartTokens(KEY).issue("crt_1").partition(".")[2]
        for token in (f"crt_2.{signature}", CartTokens(b"x" * 32).issue("crt_1")):
            with pytest.raises(BadParameter):
                CartTokens(KEY).verify(token)

    @given(st.text())
    def test_nonsense(self, text):
        with pytest.raises(BadParameter):
            CartTokens(KEY).verify(text)
