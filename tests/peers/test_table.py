"""What users of other shops complain of, row by row, and the test that shows that it cannot happen here.

The rows are numbered as in the study of peers that this project began with; each says the complaint in a few words. A
test names its row at the beginning of its docstring.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tests.peers import test_complaints_by_http as by_http
from tests.peers import test_complaints_inside as inside

ROWS: dict[int, tuple[str, ModuleType, str]] = {
    1: ("more is sold than there is", by_http, "test_two_units_and_six_buyers"),
    2: ("charged, and then the goods are gone", inside, "test_goods_that_were_lost_while_paying_are_never_charged"),
    3: ("callback and client both complete a cart", by_http, "test_callback_client_and_a_second_tab_make_one_order"),
    4: ("paid, and no order", by_http, "test_the_order_is_there_before_the_money_and_finds_it_again"),
    5: ("callbacks in between use up order numbers", by_http, "test_callbacks_make_no_orders"),
    6: ("less than nothing is reserved", inside, "test_whatever_is_given_back_twice_is_given_back_once"),
    7: ("reservations that nobody lets go", inside, "test_a_hold_ends_though_no_timer_ever_runs"),
    8: ("stock is locked while the bank thinks", by_http, "test_others_buy_while_the_provider_thinks"),
    9: ("a coupon is used too often", by_http, "test_a_coupon_for_one_is_used_by_one_and_its_money_stays"),
    10: ("events are lost on the bus", inside, "test_what_another_process_wrote_is_heard_here"),
    11: ("told before it is committed", inside, "test_nobody_hears_of_what_is_not_on_the_disk"),
    12: ("views skip committed events", inside, "test_a_reader_misses_nothing_while_two_processes_write"),
    13: ("delivered twice, counted twice", inside, "test_what_is_delivered_again_changes_no_row"),
    14: ("a full cart becomes slow", by_http, "test_the_last_line_of_a_cart_costs_what_the_first_did"),
    15: ("long lists become slow", inside, "test_any_page_of_a_list_is_found_without_going_through_it"),
    16: ("search is partial while it is rebuilt", inside, "test_search_shows_all_of_the_old_until_all_of_the_new"),
    17: ("totals of fractions of a cent", by_http, "test_the_order_the_charge_and_the_sum_of_the_lines_agree"),
    18: ("parcels charged twice, sellers paid too much", by_http, "test_parcels_of_two_sellers_move_each_cent_once"),
    19: ("charged or refunded twice", by_http, "test_refund_clicked_twice_at_once_pays_once"),
    20: ("no way from the old version", inside, "test_what_the_first_version_wrote_is_folded_today"),
}


def test_every_row_has_its_test() -> None:
    assert list(ROWS) == list(range(1, 21))


@pytest.mark.parametrize("row", ROWS)
def test_the_test_of_a_row_names_it(row: int) -> None:
    _, module, name = ROWS[row]
    test: Callable[..., Any] = getattr(module, name)
    assert (test.__doc__ or "").startswith(f"Row {row}:")


def test_every_complaint_that_is_tested_is_in_the_table() -> None:
    listed = {(module, name) for _, module, name in ROWS.values()}
    found = {(module, name) for module in (by_http, inside) for name in vars(module) if name.startswith("test_")}
    assert found == listed
