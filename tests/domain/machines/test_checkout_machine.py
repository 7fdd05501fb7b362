"""Checkout under everything that can happen to it (``machines/checkout.py``), by one process or several."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from domain.decider import Command
from domain.inventory import inventory, stock
from tests.domain.machines.checkout import CheckoutMachine


class WithoutReactors(CheckoutMachine):
    """Only the checkout process asks."""


class OneEngine(CheckoutMachine):
    reactors = 1


class TwoEngines(CheckoutMachine):
    """Each with a reactor that never hears of what the other wrote."""

    reactors = 2


class ShortMemory(TwoEngines):
    """Stock forgets at once which holds have ended. Whatever is asked of it may come again all the same, but for new
    holds: of those it has nothing else to know them by."""

    def next_steps(self) -> list[tuple[str, Command]]:
        steps = super().next_steps()
        for correlation, command in steps:
            if isinstance(command, inventory.HoldStock):
                self.submit(command, correlation)
        self.post = [step for step in self.post if not isinstance(step[1], inventory.HoldStock)]
        return [step for step in steps if not isinstance(step[1], inventory.HoldStock)]

    def teardown(self) -> None:
        super().teardown()
        if self.orders():
            self.all_post_arrives_once_more(0, backwards=False)
            self.audit.now()
            self.everything_settles()


MACHINES = [WithoutReactors, OneEngine, TwoEngines]


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.__name__)
def test_every_checkout_comes_to_a_good_end(machine: type[CheckoutMachine]) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=150, stateful_step_count=50))


def test_no_copy_of_a_commit_sells_again_however_much_was_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock, "SETTLED_MAX", 2)
    run_state_machine_as_test(ShortMemory, settings=settings(max_examples=150, stateful_step_count=50))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.__name__)
def test_every_checkout_comes_to_a_good_end_also_in_long_histories(machine: type[CheckoutMachine]) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=400, stateful_step_count=60))
