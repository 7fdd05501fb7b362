"""The benchmarks of the full profile's parts, on the servers that the environment names."""

from __future__ import annotations

from kontor.bench.book.case import CATALOG, EVERY_SERVER, NONE, PAGES, PRICES, SEARCHES_FULL, SERVERS, Case, beside
from kontor.bench.book.figures import Figure

APPEND_POSTGRES = "Postgres, as it is set, above"


def _postgres(words: str, streams: str) -> tuple[Figure, ...]:
    where = ("streams", streams)
    return (
        beside(
            f"commands{words}, beside as many raw writers",
            "events_per_s",
            "events/s",
            limit="raw_copy_together_events_per_s",
            ratio="ratio",
            where=where,
        ),
        Figure(
            f"commands{words}, beside one raw writer",
            "events_per_s",
            "events/s",
            limit="raw_copy_events_per_s",
            ratio="ratio_to_one_writer",
            where=where,
        ),
    )


def _source(kind: str) -> tuple[Figure, ...]:
    return (
        Figure(f"events to a handler, {kind}", f"{kind}_events_per_s", "events/s", limit="bare_getmany_events_per_s"),
        Figure(f"processor time of an event, {kind}", f"{kind}_cpu_us_per_event", "µs", less=True),
        Figure(f"under way at 500 events/s, p99, {kind}", f"{kind}_p99_ms", "ms", less=True),
    )


def _whole(store: str, needed: str) -> Case:
    """A worker with its sink."""
    return Case(
        "worker-sink",
        tuple(
            beside(
                f"events from the topic into {store.capitalize()}, {kind}",
                f"{kind}_events_per_s",
                "events/s",
                limit=f"{kind}_client_bulk_events_per_s",
                ratio=f"{kind}_ratio",
            )
            for kind in ("faust", "aiokafka")
        ),
        SERVERS,
        ("--store", store),
        needs=("KONTOR_KAFKA", needed),
    )


def _visible(store: str, *shares: int) -> tuple[Figure, ...]:
    return tuple(
        Figure(
            f"commit to visible in {store}, p{share}",
            f"{store.lower()}_p{share}_ms",
            "ms",
            less=True,
            target=f"target_{store.lower()}_p{share}_ms",
        )
        for share in shares
    )


CHECKOUT_FULL = (
    Figure(
        "purchases, beside empty requests",
        "purchases_per_s",
        "/s",
        target="target_purchases_per_s",
        limit="limit_purchases_per_s",
    ),
    Figure("from POST /api/orders to PAID, p99", "paid_p99_ms", "ms", less=True, target="target_paid_p99_ms"),
    Figure("processor time of a purchase, all processes", "cpu_ms_per_purchase_of_all", "ms", less=True),
)

FULL: tuple[Case, ...] = (
    Case(
        "append",
        _postgres("", "its own"),
        APPEND_POSTGRES,
        ("--store", "postgres"),
        needs=("KONTOR_POSTGRES_URL",),
    ),
    Case(
        "append",
        _postgres(", own streams", "each its own") + _postgres(", the same streams", "all the same"),
        APPEND_POSTGRES,
        ("--store", "postgres", "--processes", "4"),
        needs=("KONTOR_POSTGRES_URL",),
    ),
    Case(
        "relay",
        (
            beside(
                "events to the topic, beside a bare producer",
                "events_per_s",
                "events/s",
                limit="bare_send_per_s",
                ratio="ratio",
            ),
            Figure(
                "events to the topic, beside ready batches",
                "events_per_s",
                "events/s",
                limit="bare_send_batch_per_s",
                ratio="ratio_to_send_batch",
            ),
        ),
        SERVERS,
        needs=("KONTOR_KAFKA",),
    ),
    Case("worker", _source("faust") + _source("aiokafka"), NONE, needs=("KONTOR_KAFKA",)),
    Case(
        "redis-sink",
        (
            beside(
                "events folded into Redis, beside the client's pipeline",
                "events_per_s",
                "events/s",
                limit="client_bulk_events_per_s",
                ratio="ratio",
            ),
            Figure(
                "events folded into Redis, beside the bare wire",
                "events_per_s",
                "events/s",
                limit="bare_wire_events_per_s",
                ratio="ratio_to_bare_wire",
            ),
        ),
        SERVERS,
        needs=("KONTOR_REDIS_URL",),
    ),
    Case(
        "cassandra-sink",
        (
            beside(
                "events folded into Cassandra, beside the driver in bulk",
                "events_per_s",
                "events/s",
                limit="driver_alone_events_per_s",
                ratio="ratio",
            ),
            Figure("a page of 20 orders, p99", "page_of_20_p99_ms", "ms", less=True),
        ),
        SERVERS,
        needs=("KONTOR_CASSANDRA",),
        small=("500",),
    ),
    _whole("redis", "KONTOR_REDIS_URL"),
    _whole("cassandra", "KONTOR_CASSANDRA"),
    Case(
        "replay-full",
        (
            beside(
                "rows into Redis, beside the client in bulk",
                "redis_orders_rows_per_s",
                "rows/s",
                ratio="redis_orders_ratio_to_client_bulk",
            ),
            beside(
                "rows into Cassandra, beside the driver in bulk",
                "cassandra_orders_rows_per_s",
                "rows/s",
                ratio="cassandra_orders_ratio_to_driver_bulk",
            ),
            beside(
                "documents into Elasticsearch, beside the client in bulk",
                "elasticsearch_documents_per_s",
                "/s",
                limit="elasticsearch_client_bulk_documents_per_s",
                ratio="elasticsearch_ratio_to_client_bulk",
            ),
            Figure("memory", "peak_mb", "MB", less=True),
        ),
        SERVERS,
        needs=("KONTOR_REDIS_URL", "KONTOR_CASSANDRA", "KONTOR_ELASTICSEARCH_URL"),
        small=("500", "1000"),
    ),
    Case(
        "lag",
        _visible("Redis", 50, 99) + _visible("Cassandra", 99) + _visible("Elasticsearch", 99),
        SERVERS,
        needs=EVERY_SERVER,
        small=("--seconds", "3"),
    ),
    Case(
        "reads",
        (
            *PAGES,
            Figure(
                "a search, more than sent straight, p99",
                "search_added_p99_ms",
                "ms",
                less=True,
                target="target_search_added_p99_ms",
                slack=2,
            ),
            Figure("a search, more than sent straight, p50", "search_added_p50_ms", "ms", less=True, slack=1),
        ),
        NONE,
        ("--profile", "full"),
        needs=EVERY_SERVER,
        small=("--seconds", "0.5"),
    ),
    Case(
        "search",
        SEARCHES_FULL,
        SERVERS,
        ("--profile", "full"),
        needs=EVERY_SERVER,
        file=CATALOG,
        small=("--products", "700", "--seconds", "0.5"),
    ),
    Case("prices", PRICES, SERVERS, ("--profile", "full"), needs=EVERY_SERVER, small=("--seconds", "1")),
    Case("checkout", CHECKOUT_FULL, SERVERS, ("--profile", "full"), needs=EVERY_SERVER, small=("--seconds", "2")),
    Case(
        "checkout",
        CHECKOUT_FULL,
        SERVERS,
        ("--profile", "full", "--source", "aiokafka"),
        needs=EVERY_SERVER,
        small=("--seconds", "2"),
    ),
)
