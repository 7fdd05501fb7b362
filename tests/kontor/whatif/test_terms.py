"""The files that say what is to have been otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.money import Money
from domain.pricing.promotion import Percent, Terms
from kontor.whatif.opening import open_under
from kontor.whatif.terms import BadTerms, Changes, prices_of, promotions_of, stock_of
from kontor.whatif.world import World

TEN = '{"name": "Ten", "benefit": {"kind": "percent", "percent": 10}'


def file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "terms.json"
    path.write_text(text)
    return path


def test_promotions_as_the_route_takes_them(tmp_path: Path) -> None:
    text = f'[{TEN}, "code": "ten"}}, {TEN}, "promotionId": "prm_1"}}]'
    found = promotions_of(file(tmp_path, text))
    (new, first), (known, second) = found.items()
    assert (new[:4], known) == ("prm_", "prm_1")
    assert (first, second) == (Terms("Ten", Percent(100_000), code="TEN"), Terms("Ten", Percent(100_000)))


def test_an_object_a_line(tmp_path: Path) -> None:
    lines = '{"shopId": "shp_1", "sku": "A", "quantity": -2}\n\n{"shopId": "shp_1", "sku": "B", "quantity": 3}\n'
    assert stock_of(file(tmp_path, lines)) == {"stk_shp_1.A": -2, "stk_shp_1.B": 3}
    price = '[{"shopId": "shp_1", "sku": "A", "price": {"amount": 5, "currency": "USD"}}]'
    assert prices_of(file(tmp_path, price)) == {"off_shp_1.A": Money(5, "USD")}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "[]"),
        ('["a"]', "a JSON array of objects"),
        ("{", "a JSON array of objects"),
        ('[{"name": "Ten"}]', "entry 1: benefit"),
        (f'[{TEN}, "percent": 3}}]', "entry 1: percent"),
        (f'[{TEN}, "promotionId": "prm_1"}}, {TEN}, "promotionId": "prm_1"}}]', "prm_1 is named twice"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, why: str) -> None:
    if why == "[]":
        assert promotions_of(file(tmp_path, text)) == {}
        return
    with pytest.raises(BadTerms, match=why):
        promotions_of(file(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadTerms, match="cannot be read"):
        stock_of(tmp_path / "none.json")


def test_terms_that_no_promotion_may_have() -> None:
    changes = Changes({"prm_1": Terms("", Percent(100_000))})
    with pytest.raises(BadTerms, match="/name"):
        open_under(_nothing_yet(changes), changes, 1)


def test_a_code_is_anothers_unless_that_is_left_out() -> None:
    first = Changes({"prm_1": Terms("One", Percent(100_000), code="TEN")})
    both = Changes({"prm_2": Terms("Two", Percent(100_000), code="TEN")})
    world = _nothing_yet(both)
    open_under(world, first, 1)
    with pytest.raises(BadTerms, match="TEN is that of prm_1"):
        open_under(world, both, 2)
    open_under(world, both._replace(without=frozenset(("prm_1",))), 2)
    assert world.state("clm_coupon.TEN").owner == "prm_2"


def _nothing_yet(changes: Changes) -> World:
    from commands.routes import decider_of

    return World(lambda stream: (decider_of(stream).initial, 0), changes)
