"""A value belongs to one owner at a time."""

from __future__ import annotations

from domain.claim import CLAIM, AlreadyClaimed, Claim, ClaimReleased, ClaimTaken, ReleaseClaim, TakeClaim
from tests.spec import given

ID = "clm_email.5f2b"
ADA, GRACE, NOBODY = "usr_ADA", "usr_GRACE", "usr_NOBODY"


def take(owner: str, abandoned: str = "") -> TakeClaim:
    return TakeClaim(ID, owner, "/email", "e-mail address", abandoned)


def test_a_free_value_is_taken() -> None:
    given(CLAIM).when(take(ADA)).then(ClaimTaken(ADA))


def test_its_owner_may_take_it_again() -> None:
    given(CLAIM, ClaimTaken(ADA)).when(take(ADA)).then_nothing()


def test_nobody_else_may() -> None:
    refusal = given(CLAIM, ClaimTaken(ADA)).when(take(GRACE)).then_refused(AlreadyClaimed)
    assert (refusal.code, refusal.pointer, refusal.data) == ("validation_failed", "/email", {"owner": ADA})


def test_a_claim_of_an_owner_that_never_came_to_be_is_taken_over() -> None:
    given(CLAIM, ClaimTaken(NOBODY)).when(take(ADA, abandoned=NOBODY)).then(ClaimTaken(ADA))


def test_a_takeover_names_whom_it_takes_over_from() -> None:
    """Of two that find the same abandoned claim, the second one finds the first one's."""
    refused = given(CLAIM, ClaimTaken(NOBODY), ClaimTaken(ADA)).when(take(GRACE, abandoned=NOBODY))
    assert refused.then_refused(AlreadyClaimed).data["owner"] == ADA


def test_a_released_value_is_free() -> None:
    released = given(CLAIM, ClaimTaken(ADA)).when(ReleaseClaim(ID, ADA)).then(ClaimReleased(ADA))
    assert released.state == Claim()
    released.when(take(GRACE)).then(ClaimTaken(GRACE))


def test_only_its_owner_releases_it_and_only_once() -> None:
    given(CLAIM, ClaimTaken(ADA)).when(ReleaseClaim(ID, GRACE)).then_nothing()
    given(CLAIM, ClaimTaken(ADA), ClaimReleased(ADA)).when(ReleaseClaim(ID, ADA)).then_nothing()
    given(CLAIM).when(ReleaseClaim(ID, ADA)).then_nothing()


def test_a_free_value_is_taken_whoever_had_been_thought_to_have_it() -> None:
    given(CLAIM).when(take(ADA, abandoned=NOBODY)).then(ClaimTaken(ADA))
