"""The benchmarks that need no server."""

from __future__ import annotations

from kontor.bench.book.case import CATALOG, DISK, NONE, ORDERS, PAGES, PRICES, SEARCHES_EMBEDDED, Case, beside
from kontor.bench.book.figures import Figure

EMBEDDED: tuple[Case, ...] = (
    Case(
        "append",
        (
            beside(
                "commands through the engine, beside the same rows inserted",
                "events_per_s",
                "events/s",
                limit="raw_insert_events_per_s",
                ratio="ratio",
            ),
        ),
        DISK,
    ),
    Case(
        "logs",
        (
            *(
                Figure(
                    f"commands on as many logs: {logs}, a process each, beside as many raw writers",
                    "events_per_s",
                    "events/s",
                    limit="raw_insert_events_per_s",
                    ratio="ratio",
                    where=("case", f"{logs}, a process each"),
                )
                for logs in (1, 2, 4)
            ),
            *(
                Figure(
                    f"commands on as many logs: {logs}, one process for all",
                    "events_per_s",
                    "events/s",
                    where=("case", f"{logs}, one process"),
                )
                for logs in (1, 2, 4)
            ),
        ),
        DISK,
        small=("--commands", "4000"),
    ),
    Case(
        "hot-sku", (Figure("10,000 buyers of 100 units", "commands_per_s", "/s", target="target_commands_per_s"),), DISK
    ),
    Case(
        "http-hot-sku",
        (
            Figure("10,000 buyers of 100 units, over HTTP", "buyers_per_s", "/s"),
            Figure("an answer, p99", "answer_p99_ms", "ms", less=True),
        ),
        DISK,
        small=("500",),
    ),
    Case(
        "drop",
        (
            Figure(
                "people who join a line, beside empty requests",
                "joins_per_s",
                "/s",
                limit="limit_empty_requests_per_s",
                ratio="ratio",
            ),
            Figure("the first honest answer after the opening, p99", "honest_answer_p99_s", "s", less=True),
        ),
        DISK,
        small=("300",),
    ),
    Case(
        "checkout",
        (
            Figure(
                "purchases, beside empty requests",
                "purchases_per_s",
                "/s",
                target="target_purchases_per_s",
                limit="limit_purchases_per_s",
                ratio="ratio",
            ),
            Figure("POST /api/orders, p99", "post_orders_p99_ms", "ms", less=True, target="target_p99_ms"),
        ),
        DISK,
        small=("--seconds", "2"),
    ),
    Case(
        "import",
        (
            Figure(
                "products into log and search, beside the index alone",
                "into_log_and_search_per_s",
                "/s",
                target="target_per_s",
                limit="index_alone_per_s",
                ours=True,
            ),
            Figure("products into the log", "into_log_per_s", "/s"),
        ),
        DISK,
        small=("2000",),
    ),
    Case(
        "feeds",
        (
            Figure(
                "rows, a tenth changed, beside reading them",
                "rows_per_s",
                "rows/s",
                target="target_per_s",
                limit="read_alone_rows_per_s",
                ours=True,
            ),
            Figure("rows, all new", "all_new_rows_per_s", "rows/s"),
        ),
        DISK,
        small=("5000",),
    ),
    Case(
        "growth",
        (
            beside(
                "purchases with ten million events in the log, beside ten thousand",
                "long_purchases_per_s",
                "/s",
                limit="short_purchases_per_s",
                ratio="ratio",
            ),
            Figure("start with ten million events", "long_start_s", "s", less=True),
            Figure("memory with ten million events", "long_resident_mb", "MB", less=True),
        ),
        DISK,
        small=("--events", "20000", "--seconds", "1", "--rounds", "1"),
        minutes=90,
    ),
    Case(
        "history",
        (
            Figure(
                "start with a million events, beside the imports alone",
                "start_s",
                "s",
                less=True,
                target="target_start_s",
                limit="bare_interpreter_with_imports_s",
                ours=True,
            ),
            Figure("memory of the demo", "demo_resident_mb", "MB", less=True, target="target_demo_mb"),
            Figure("memory while a million events are written", "peak_while_writing_mb", "MB", less=True),
        ),
        DISK,
        small=("100000",),
        minutes=20,
    ),
    Case(
        "quote",
        (
            Figure(
                "a cart of 20 lines, 50 promotions, beside none",
                "ms",
                "ms",
                less=True,
                target="target_ms",
                limit="without_promotions_ms",
                ours=True,
            ),
        ),
        NONE,
    ),
    Case(
        "replay",
        (
            Figure(
                "events folded into stock, beside reading them",
                "stock_events_per_s",
                "events/s",
                target="target_events_per_s",
                limit="read_and_decoded_events_per_s",
                ours=True,
                ratio="stock_ratio",
            ),
            Figure(
                "events folded into orders, beside reading them",
                "orders_events_per_s",
                "events/s",
                target="target_events_per_s",
                limit="read_and_decoded_events_per_s",
                ours=True,
                ratio="orders_ratio",
            ),
            Figure(
                "rows of orders, beside the same in bulk",
                "orders_rows_per_s",
                "rows/s",
                limit="orders_bulk_rows_per_s",
                ratio="orders_ratio_to_bulk",
            ),
            Figure("memory", "peak_mb", "MB", less=True),
        ),
        DISK,
        small=("--events", "1100", "--rounds", "2"),
    ),
    Case("reads", PAGES, NONE, small=("--seconds", "0.5")),
    Case("prices", PRICES, DISK, small=("--seconds", "1")),
    Case("search", SEARCHES_EMBEDDED, DISK, file=CATALOG, small=("--products", "700", "--seconds", "0.5")),
    Case(
        "discovery",
        (
            Figure(
                "recall@20 of also bought, beside what sells",
                "also_bought.recall_20",
                target=2,
                of_ratio=True,
                limit="also_bought_popular.recall_20",
            ),
            Figure(
                "recall@20 of the feed, beside what sells",
                "feed.recall_20",
                target=2,
                of_ratio=True,
                limit="feed_popular.recall_20",
            ),
        ),
        NONE,
        file=ORDERS,
    ),
    Case(
        "day",
        (
            Figure("events of a purchase", "events_of_a_purchase_alone", less=True, target="target_events"),
            Figure("commits of a purchase", "commits_of_a_purchase_alone", less=True, target="target_commits"),
            Figure("at rest after the last purchase", "came_to_rest_in_s", "s", less=True, slack=10),
        ),
        DISK,
        small=("--purchases", "200"),
        minutes=40,
    ),
    Case(
        "force",
        (Figure("at rest after a minute of kills", "came_to_rest_in_s", "s", less=True, slack=10),),
        DISK,
        options=("--seconds", "60"),
        small=("--seconds", "5"),
    ),
    Case(
        "overload",
        (
            Figure(
                "p99 of what is let in under three times the capacity, of the normal one",
                "accepted_p99_of_normal",
                less=True,
                target="target_p99_of_normal",
            ),
            Figure("normal again after", "recovered_in_s", "s", less=True, target="target_recovered_in_s", slack=1),
            Figure("let in meanwhile, of the capacity", "accepted_of_capacity"),
        ),
        DISK,
        options=("--seconds", "60"),
        small=("--seconds", "5"),
    ),
)
