"""Reacts across logs: what a checkout calls for next is given to the logs of its streams.

An engine reacts within its batch to checkouts that touch nothing but its own log (``commands/reactor.py``). Of all
others, every step is a commit of its own in the log that it concerns. It is asked for once the commit that calls for it
has its place in the order of all logs; else a step might come to stand before its cause. Nothing relies on this
either: a step that is lost here is asked for again by ``streams/processes/checkout.py``, and asking twice changes
nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import structlog

from commands.context import Context, new_command_id
from commands.errors import WritePathError
from commands.reactor import CheckoutReactor
from commands.store.port import Row
from domain.decider import Command
from domain.errors import DomainError
from domain.recorded import Recorded

log = structlog.get_logger("crossing")
Submit = Callable[[Command, Context], "asyncio.Future[Any]"]


class Crossing:
    def __init__(self, submit: Submit, clock: Callable[[], int]) -> None:
        self._submit = submit
        self._clock = clock
        self._reactor = CheckoutReactor()

    def knows(self, order_id: str) -> bool:
        return self._reactor.knows(order_id)

    def is_due(self, order_id: str) -> bool:
        """Whether something has been asked for that is not in the order yet."""
        return self._reactor.knows(order_id) and not self._reactor.attends(order_id, self._clock())

    def absorb(self, rows: Iterable[Row]) -> None:
        """Takes in what another process has committed: it reacts to that by itself."""
        self._reactor.absorb(rows)

    def placed(self, events: Sequence[Recorded]) -> None:
        """Commits of this process, in the order. What was decided within a batch already is not due any more."""
        now = self._clock()
        due = self._reactor.react(events, now)
        self._reactor.take_off()
        self._reactor.land(0)
        if due:
            causes = {event.meta.correlation: event for event in events}
            for order_id, command in due:
                self._ask(command, order_id, causes[order_id], now)

    def _ask(self, command: Command, order_id: str, cause: Recorded, now: int) -> None:
        context = Context("system:checkout", new_command_id(), now, order_id, cause.event_id, cause.meta.traceparent)
        try:
            asked = self._submit(command, context)
        except WritePathError as error:  # overloaded, or about to close
            log.info("step_not_taken", command=type(command).__name__, order=order_id, error=repr(error))
            return
        asked.add_done_callback(partial(_log_refusal, command, order_id))


def _log_refusal(command: Command, order_id: str, asked: asyncio.Future[Any]) -> None:
    error = None if asked.cancelled() else asked.exception()
    if isinstance(error, DomainError):
        log.warning("step_refused", command=type(command).__name__, order=order_id, reason=error.detail)
    elif error is not None:
        log.info("step_not_taken", command=type(command).__name__, order=order_id, error=repr(error))
