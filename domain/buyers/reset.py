"""Reset: somebody who forgot their password asked for a letter. One for each e-mail address, stream ``rst_…`` with the
address's look-up, whether or not anybody has an account with it.

So asking is the same for every address, in what it answers, what it costs and what it leaves in the log; who has it, if
anybody, is looked up when the letter is written. The event holds nothing secret and nothing of a person.
"""

from __future__ import annotations

from domain.decider import Command, Decider, Event, State

VALID_MS = 1_800_000
"""How long what the letter brings can be used, from when it was asked for."""
AGAIN_MS = 60_000
"""Who asks again sooner is brought the same letter: a button pressed twice is one wish."""


class ResetAsked(Event, frozen=True):
    at: int


class AskReset(Command, frozen=True):
    reset_id: str
    at: int


class Reset(State, frozen=True):
    asked_at: int = 0
    """0: never."""


def reset_of(lookup: str) -> str:
    """The stream of an e-mail address by its look-up."""
    return "rst_" + lookup


def lookup_of(reset_id: str) -> str:
    return reset_id.removeprefix("rst_")


def ask(command: AskReset, state: Reset) -> list[Event]:
    return [] if 0 <= command.at - state.asked_at < AGAIN_MS else [ResetAsked(command.at)]


RESET = Decider(
    name="reset",
    initial=Reset(),
    states=Reset,
    decisions={AskReset: ask},
    evolutions={ResetAsked: lambda state, event: Reset(event.at)},
)
