"""An order that somebody looks at before its money is taken."""

from __future__ import annotations

from domain.orders.orderreview import ReviewApproved, ReviewBegun
from tests.domain.checkout.story import NOW, PRICE, placed

HOURS = 7_200_000
UNTIL = NOW + HOURS
DOUBTFUL = placed(review=("amount",), review_within=HOURS)
BEGUN = ReviewBegun("usr_1", PRICE, ("amount",), NOW, UNTIL)
APPROVED = ReviewApproved(NOW + 1, "usr_root", b"sealed")
