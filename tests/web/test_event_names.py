"""What the pages know of events by name are names that the log has."""

from __future__ import annotations

import re

from domain.stored.codec import EVENTS
from readapi.storefront import assets


def test_timelines_colour_events_that_there_are() -> None:
    script = assets.load().files["lib/timeline.js"].body.decode()
    sets = dict(re.findall(r"const (GOOD|BAD) = new Set\(\[(.*?)\]\)", script, re.DOTALL))
    names = {kind: set(re.findall(r'"([^"]+)"', listed)) for kind, listed in sets.items()}
    assert names["GOOD"] >= {"order.paid", "order.shipment_delivered"}
    assert names["BAD"] >= {"order.cancelled", "payment.capture_refused", "payment.refund_refused"}
    assert names["GOOD"] | names["BAD"] <= EVENTS.keys()
    assert not names["GOOD"] & names["BAD"]
