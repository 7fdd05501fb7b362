"""What a shop pushes: what signs it, and that no message is taken twice."""

from __future__ import annotations

from domain.errors import LimitExceeded
from domain.sellers.feedterms import RunCounts
from domain.sellers.push import (
    OLD_SECRET_MS,
    PUSH,
    PUSH_WINDOW_MS,
    PUSHES_MAX,
    DropPushSecret,
    PushSecretDropped,
    PushSecretPut,
    PushTaken,
    PutPushSecret,
    TakePush,
    push_id,
)
from streams.gateways.signatures import TOLERANCE_S
from tests.spec import given

ID, AT = "psh_01K", 1_763_000_000_000
FIRST, SECOND = PushSecretPut(b"one", AT), PushSecretPut(b"two", AT + 10)


def test_a_shop_and_what_it_pushes_have_the_same_number():
    assert push_id("shp_01K") == ID


def test_a_new_secret_leaves_the_old_one_good_for_a_day():
    first = given(PUSH).when(PutPushSecret(ID, b"one", AT)).then(FIRST)
    assert first.state.secrets(AT) == (b"one",)
    second = first.when(PutPushSecret(ID, b"two", AT + 10)).then(SECOND)
    assert second.state.secrets(AT + 10 + OLD_SECRET_MS - 1) == (b"two", b"one")
    assert second.state.secrets(AT + 10 + OLD_SECRET_MS) == (b"two",)


def test_without_a_secret_nothing_is_signed():
    none = given(PUSH, FIRST, SECOND).when(DropPushSecret(ID, AT + 20)).then(PushSecretDropped(AT + 20))
    assert none.state.secrets(AT + 20) == ()
    none.when(DropPushSecret(ID, AT + 21)).then_nothing()
    assert none.when(PutPushSecret(ID, b"three", AT + 30)).then(PushSecretPut(b"three", AT + 30)).state.before == b""


def test_a_message_is_taken_once_for_as_long_as_its_signature_is_good():
    taken = given(PUSH).when(TakePush(ID, b"m", AT, RunCounts(1, 1))).then(PushTaken(b"m", AT, RunCounts(1, 1)))
    assert PUSH_WINDOW_MS == 2 * TOLERANCE_S * 1000, "a timestamp is good so far before and after its instant"
    taken.when(TakePush(ID, b"m", AT + PUSH_WINDOW_MS)).then_nothing()
    later = AT + PUSH_WINDOW_MS + 1
    taken.when(TakePush(ID, b"m", later)).then(PushTaken(b"m", later))
    other = taken.when(TakePush(ID, b"n", later)).then(PushTaken(b"n", later))
    assert [message for message, _ in other.state.pushed] == [b"n"], "what is too old is forgotten"


def test_messages_in_a_while_are_so_many_at_most():
    many = [PushTaken(b"%d" % number, AT) for number in range(PUSHES_MAX)]
    given(PUSH, *many[1:]).when(TakePush(ID, b"m", AT)).then(PushTaken(b"m", AT))
    given(PUSH, *many).when(TakePush(ID, b"m", AT)).then_refused(LimitExceeded)
    given(PUSH, *many).when(TakePush(ID, b"7", AT)).then_nothing()
