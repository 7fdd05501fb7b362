"""Search over HTTP: merchandisers' rules, where goods may go, explanations, rescue, and whatever anybody types."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.e2e.house import House
from tests.e2e.market import Seller
from tests.e2e.shopper import Shopper, problem

RULES = "/api/admin/search/rules"


async def search(shopper: Shopper, **asked: Any) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    body: dict[str, Any] = await shopper.read(f"/api/products?{query}")
    return body


async def titles(shopper: Shopper, **asked: Any) -> list[str]:
    return [item["title"] for item in (await search(shopper, **asked))["items"]]


async def sofas(seller: Seller) -> dict[str, str]:
    """Product ids by title."""
    ids = {}
    for title, category in (("Oak sofa", "Sofas"), ("Elm sofa", "Sofas"), ("Ash bench", "Benches")):
        sku = await seller.describes(title, category=["Seating", category], description="", attributes={})
        await seller.sells(sku=sku)
        ids[title] = seller.products[sku]
    return ids


async def make(admin: Shopper, **rule: Any) -> str:
    return str((await admin.do("POST", RULES, rule, 201))["ruleId"])


# rules


@pytest.mark.own_house
async def test_synonyms_count_as_soon_as_they_are_put_and_until_they_are_withdrawn(
    seller: Seller, admin: Shopper
) -> None:
    await sofas(seller)
    admin.position = seller.shopper.position
    assert await titles(admin, q="plushie") == []
    rule_id = await make(admin, kind="synonyms", phrases=["plushie", "sofa"])
    assert set(await titles(admin, q="plushies")) == {"Oak sofa", "Elm sofa"}
    await admin.do("PUT", f"{RULES}/{rule_id}", {"kind": "synonyms", "phrases": ["plushie", "bench"]})
    assert await titles(admin, q="plushies") == ["Ash bench"]
    await admin.do("DELETE", f"{RULES}/{rule_id}")
    assert await titles(admin, q="plushies") == []


@pytest.mark.own_house
async def test_pinned_and_buried_products_and_why(seller: Seller, admin: Shopper) -> None:
    ids = await sofas(seller)
    admin.position = seller.shopper.position
    first, second = await titles(admin, q="sofa")
    rule = {"kind": "placement", "query": "Sofas", "pinned": [ids["Ash bench"]], "buried": [ids[first]]}
    await make(admin, **rule)
    assert await titles(admin, q="sofa") == ["Ash bench", second, first]
    body = await search(admin, q="sofa", explain=1)
    assert [one["productId"] for one in body["explain"]] == [item["productId"] for item in body["items"]]
    pinned, plain, buried = ({one["part"]: one for one in each["reasons"]} for each in body["explain"])
    assert pinned["pinned"]["about"] == "1"
    assert plain["words"]["about"] == "sofa"
    assert {detail["part"] for detail in plain["words"]["details"]} >= {"title", "category"}
    assert plain["availability"]["score"] == 4.0
    assert "not buried" in plain
    assert "not buried" not in buried


@pytest.mark.own_house
async def test_rules_are_listed_and_shown(admin: Shopper) -> None:
    body = {"kind": "restriction", "regions": ["DE"], "brands": ["Nora"], "reason": "law"}
    rule_id = await make(admin, **body)
    shown = await admin.read(f"{RULES}/{rule_id}")
    assert {name: shown[name] for name in body} == body
    assert (shown["ruleId"], shown["categories"], shown["version"]) == (rule_id, [], 1)
    await make(admin, kind="margin", productIds=["prd_1"], percent=12.5)
    listed = await admin.read(RULES)
    assert [one["kind"] for one in listed["items"]] == ["margin", "restriction"]
    assert listed["items"][0]["percent"] == 12.5


async def test_rules_are_for_administrators(shopper: Shopper, admin: Shopper, visitor: Shopper) -> None:
    body = {"kind": "synonyms", "phrases": ["a", "b"]}
    problem(await shopper.send("POST", RULES, body), 403, "forbidden")
    problem(await visitor.send("POST", RULES, body), 401, "unauthenticated")
    problem(await shopper.send("GET", RULES), 403, "forbidden")
    rule_id = await make(admin, **body)
    problem(await shopper.send("DELETE", f"{RULES}/{rule_id}"), 403, "forbidden")
    problem(await admin.send("PUT", f"{RULES}/rul_0", body), 404, "not_found")
    problem(await admin.send("PUT", f"{RULES}/{rule_id}", body, If_Match='"9"'), 412, "version_mismatch")
    await admin.do("DELETE", f"{RULES}/{rule_id}")
    problem(await admin.send("PUT", f"{RULES}/{rule_id}", body), 409, "illegal_transition")
    for bad, pointer in (
        ({"kind": "synonyms", "phrases": ["a"]}, "#/phrases"),
        ({"kind": "restriction", "regions": ["de"], "brands": ["x"]}, "#/regions/0"),
        ({"kind": "margin", "percent": 5}, "#/categories"),
    ):
        problem(await admin.send("POST", RULES, bad), 422, "validation_failed", pointer)


async def test_explanations_are_for_administrators(shopper: Shopper, visitor: Shopper) -> None:
    problem(await shopper.send("GET", "/api/products?q=sofa&explain=1"), 403, "forbidden")
    problem(await visitor.send("GET", "/api/products?q=sofa&explain=true"), 401, "unauthenticated")
    problem(await visitor.send("GET", "/api/products?q=sofa&explain=x"), 422, "validation_failed")
    assert "explain" not in await search(visitor, q="sofa", explain=0)


# serviceability


@pytest.mark.own_house
async def test_what_is_forbidden_where_it_would_go_is_in_no_count(seller: Seller, admin: Shopper) -> None:
    await sofas(seller)
    admin.position = seller.shopper.position
    await make(admin, kind="restriction", regions=["US-CA"], categories=[["Seating", "Sofas"]])
    california = await search(admin, shipTo="US-CA")
    assert [item["title"] for item in california["items"]] == ["Ash bench"]
    assert california["total"] == 1
    assert {bucket["value"]: bucket["count"] for bucket in california["facets"]["category"]} == {"Seating": 1}
    assert (await search(admin, shipTo="US-NY"))["total"] == 3
    assert (await search(admin, q="sofa", shipTo="US-CA"))["total"] == 0


async def test_an_account_searches_for_where_it_lives(seller: Seller, shopper: Shopper, visitor: Shopper) -> None:
    sku = await seller.describes("Elm stool")
    await seller.sells(sku=sku, shipsTo=["DE"])
    shopper.position = visitor.position = seller.shopper.position
    assert await titles(visitor, q="stool") == ["Elm stool"]
    assert await titles(shopper, q="stool") == [], "it lives in New York"
    assert await titles(shopper, q="stool", shipTo="*") == ["Elm stool"]
    assert await titles(shopper, q="stool", shipTo="DE-BY") == ["Elm stool"]
    answer = await shopper.send("GET", "/api/products?q=stool")
    assert answer.headers["cache-control"] == "private, no-cache"
    stranger = await visitor.send("GET", "/api/products?q=stool", Authorization="Bearer stale")
    assert stranger.json()["total"] == 1, "a search needs no token"


# words


@pytest.mark.own_house
async def test_what_finds_little_is_told_and_rescued(seller: Seller, visitor: Shopper) -> None:
    await sofas(seller)
    visitor.position = seller.shopper.position
    body = await search(visitor, q="oak bench")
    assert {item["title"] for item in body["items"]} == {"Oak sofa", "Ash bench"}
    assert (body["rescued"], body["suggestion"]) == ("fewer_words", None)
    body = await search(visitor, q="benhc")
    assert (body["items"][0]["title"], body["suggestion"], body["rescued"]) == ("Ash bench", "bench", None)


SIGNS = "+-&|!(){}[]^\"~*?:\\/'%;<>= \x00\u202e\u2066\ud800\ufeff👩‍👩‍👧🔥فأرةשלום無線é"
TYPED = st.text(max_size=700) | st.text(SIGNS, max_size=600) | st.sampled_from(["AND", "NOT OR", "*:*"])


@pytest.mark.slow
async def test_any_input_is_a_result_or_422(house: House, seller: Seller, admin: Shopper) -> None:
    await sofas(seller)
    typed: list[tuple[str, str, str]] = []

    @settings(max_examples=60, database=None, suppress_health_check=list(HealthCheck))
    @given(
        text=TYPED, other=TYPED, name=st.sampled_from(["q", "brand", "category", "seller", "attr.x", "cursor", "sort"])
    )
    def gather(text: str, other: str, name: str) -> None:
        typed.append((text, other, name))

    gather()
    typed += [("a " * 5_000, "", "brand"), ("x" * 7_000, "'; DROP TABLE products; --", "q")]
    for text, other, name in typed:
        q, more = (part.encode("utf-8", "surrogatepass") for part in (text, other))
        for path, params in (
            ("/api/products", {"q": q} | {name: more}),
            ("/api/products", {"q": q, "explain": "1"}),
            ("/api/products/suggest", {"q": q}),
        ):
            headers = {"Authorization": f"Bearer {admin.token}"}
            answer = await house.http.get(path, params=params, headers=headers)
            assert answer.status_code in (200, 414, 422), (answer.status_code, text, other, name)
