"""Reconciling, as it is done every night: the provider's account against the log's, by the real reconciler.

What callbacks that never came would have told is recorded by it. Once a night has nothing to record, it has found no
difference, and those of earlier nights are gone.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from commands.errors import StorageUnavailable
from domain.books.difference import Difference
from domain.ids import payment_id
from domain.payments.payment import DISPUTED, Payment
from kontor.simulation.audit import Audit
from kontor.simulation.process import Gone, Process
from kontor.simulation.store import Disk
from kontor.simulation.violation import Verdict
from streams.gateways.port import GatewayError, GatewayTimeout
from streams.money.reconciling import Reconciled


class Nights:
    """``books`` is the file of what is known of each order's money; it outlives processes."""

    def __init__(self, books: Path, disk: Disk, audit: Audit, verdict: Verdict) -> None:
        self._books = books
        self._disk = disk
        self._audit = audit
        self._verdict = verdict

    async def in_trouble(self, process: Process) -> None:
        """One that may come to no end, and takes what is under way for different."""
        with suppress(Gone, GatewayError, GatewayTimeout, StorageUnavailable):
            await self._reconciled(process)

    async def at_rest(self, process: Process) -> bool:
        """Whether nothing had to be recorded; then no difference may be open. Raises Gone, StorageUnavailable."""
        head = len(self._disk.rows)
        done = await self._reconciled(process)
        if len(self._disk.rows) != head:
            return False
        if done.unanswered:
            self._verdict.fail(f"the provider did not say what became of {done.unanswered} operations")
        for difference_id, known in done.open:
            if not self._is_for_a_person(known.what):
                self._verdict.fail(f"reconciling at rest: {difference_id}, {known.what}")
        return True

    def _is_for_a_person(self, what: Difference) -> bool:
        """Whether the buyer is to have what a lost dispute has left of a refund as well (docs/payments.md)."""
        stream = self._audit.streams.get(payment_id(what.order_id))
        if what.kind != "refund_owed" or stream is None or not isinstance(stream.state, Payment):
            return False
        return any(one.status == "refused" and one.refusal == DISPUTED for one in stream.state.refunds.values())

    async def _reconciled(self, process: Process) -> Reconciled:
        async def reconcile() -> Reconciled:
            return await process.reconciler(self._books).with_provider(grace=0)

        return await process.ask(reconcile)
