"""Settings of how orders are dealt with, as the domain gets them."""

from __future__ import annotations

import pytest

from domain.orders.policy import LATER, PARCEL, SHIPMENT, OrderPolicy
from kontor.settings import BadSettings, load
from kontor.wiring.policies import HOUR_MS, order_policy


@pytest.mark.parametrize(
    ("given", "policy"),
    [
        ({}, OrderPolicy()),
        ({"capture": "immediate"}, OrderPolicy()),
        ({"capture": "shipment"}, OrderPolicy(capture=SHIPMENT)),
        ({"capture": "parcel"}, OrderPolicy(capture=PARCEL)),
        ({"capture": "24"}, OrderPolicy(capture=LATER, capture_after=24 * HOUR_MS)),
        ({"capture": 24}, OrderPolicy(capture=LATER, capture_after=24 * HOUR_MS)),
        ({"review_above": 50_000, "review_hours": 1}, OrderPolicy(review_above=50_000, review_within=HOUR_MS)),
        ({"review_countries": "NG,BY"}, OrderPolicy(review_countries=("NG", "BY"))),
    ],
)
def test_what_is_set_is_what_holds(given: dict[str, object], policy: OrderPolicy) -> None:
    assert order_policy(load(**given)) == policy


def test_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KONTOR_CAPTURE", "720")
    monkeypatch.setenv("KONTOR_REVIEW_COUNTRIES", "NG")
    policy = order_policy(load())
    assert (policy.capture_after, policy.review_countries) == (720 * HOUR_MS, ("NG",))


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"capture": "0"}, "capture"),
        ({"capture": "721"}, "capture"),
        ({"capture": "soon"}, "capture"),
        ({"capture": "²"}, "capture"),
        ({"capture": "parcel", "provider": "stripe"}, "multicapture"),
        ({"review_above": -1}, "review_above"),
        ({"review_countries": "Nigeria"}, "review_countries"),
        ({"review_hours": 0}, "review_hours"),
    ],
)
def test_what_makes_no_sense_is_named(given: dict[str, object], names: str) -> None:
    with pytest.raises(BadSettings, match=names):
        load(**given)
