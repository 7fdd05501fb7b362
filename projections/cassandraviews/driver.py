"""All that is used of ``cassandra-driver``: opening a session with a keyspace's tables, and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import cassandra
from cassandra import ConsistencyLevel, InvalidRequest, ProtocolVersion
from cassandra.cluster import (
    EXEC_PROFILE_DEFAULT,
    Cluster,
    ExecutionProfile,
    NoHostAvailable,
)
from cassandra.connection import ConnectionException
from cassandra.policies import (
    ConstantReconnectionPolicy,
    DCAwareRoundRobinPolicy,
    RoundRobinPolicy,
    TokenAwarePolicy,
)
from cassandra.protocol import (
    IsBootstrappingErrorMessage,
    OverloadedErrorMessage,
    ServerError,
)
from cassandra.query import BatchStatement, BatchType, tuple_factory

from projections.cassandraviews.bridge import Request
from projections.cassandraviews.settings import CassandraSettings

PARTITIONS_MAX, BYTES_MAX = 10, 4_500
"""Of a request. Cassandra warns of batches over more partitions, and of more than 5 KiB."""
ROW_BYTES = 60
LONG = (bytes, str)
RECONNECT_S = 1.0
CONNECT_S = 5.0
TRANSIENT: tuple[type[Exception], ...] = (
    NoHostAvailable,
    ConnectionException,
    cassandra.OperationTimedOut,
    cassandra.Timeout,
    cassandra.Unavailable,
    cassandra.CoordinationFailure,
    IsBootstrappingErrorMessage,
    OverloadedErrorMessage,
    ServerError,
)
"""What passes by itself: the server is away, slow, or has too much to do."""
MISSING = ("unconfigured table", "does not exist", "unknown keyspace")


def is_missing(error: BaseException) -> bool:
    """Whether a table or the keyspace is gone."""
    if isinstance(error, NoHostAvailable):
        return any(is_missing(inner) for inner in error.errors.values())
    return isinstance(error, InvalidRequest) and any(words in str(error).lower() for words in MISSING)


DROP_S = 60.0
"""Of a keyspace: every node forgets its tables, and takes a snapshot of them first where it is told to."""
Query = tuple[str, Sequence[Any]]
"""One of the schema's queries, and its values."""


class WrongDatacenter(Exception):
    """No node is in the one that is to be near."""

    def __init__(self, wanted: str, found: Iterable[str]) -> None:
        super().__init__(
            f"no node is in the data centre {wanted}, they are in {', '.join(sorted(found))}: set "
            "KONTOR_CASSANDRA_DATACENTER"
        )


class Schema(NamedTuple):
    """What a session needs: tables by name with their definitions, and the queries it will be asked."""

    tables: Mapping[str, str]
    queries: Iterable[str]


class Session(NamedTuple):
    cluster: Any
    asking: Any
    prepared: dict[str, Any]

    def request(self, queries: Sequence[Query]) -> Request:
        """Of several queries that are ``together`` one batch."""
        if len(queries) == 1:
            query, values = queries[0]
            return Request(self.prepared[query], values)
        together = BatchStatement(BatchType.UNLOGGED)
        for query, values in queries:
            together.add(self.prepared[query], values)
        together.is_idempotent = True
        return Request(together)

    def close(self) -> None:
        self.cluster.shutdown()


def together(queries: Sequence[Sequence[Query]]) -> list[list[Query]]:
    """Writes to a few partitions in one request, as many as a server takes without a warning: what a request costs, and
    its wait for the disk, is most of what a small write costs. Those of one partition stay together in any case."""
    groups: list[list[Query]] = []
    partitions = size = 0
    for some in queries:
        weight = sum([_weight(values) for _, values in some])
        if not groups or partitions == PARTITIONS_MAX or size + weight > BYTES_MAX:
            groups.append([])
            partitions = size = 0
        groups[-1] += some
        partitions, size = partitions + 1, size + weight
    return groups


def _weight(values: Sequence[Any]) -> int:
    """Bytes, about."""
    return ROW_BYTES + sum([len(value) if type(value) in LONG else 8 for value in values])


def connect(settings: CassandraSettings, schema: Schema) -> Session:
    """Waits for the server; makes what is not there. Raises WrongDatacenter, and whatever the driver does."""
    cluster = cluster_of(settings)
    try:
        session = Session(cluster, _begun(cluster, settings), {})
        extend(session, settings, schema)
    except BaseException:
        cluster.shutdown()
        raise
    return session


def _begun(cluster: Any, settings: CassandraSettings) -> Any:
    """A session. To the driver a data centre that is called otherwise is one where no node is up; raises
    WrongDatacenter for it."""
    try:
        return cluster.connect()
    except NoHostAvailable as error:
        found = _datacenters(settings) if settings.datacenter else set()
        if found and settings.datacenter not in found:
            raise WrongDatacenter(settings.datacenter, found) from error
        raise


def _datacenters(settings: CassandraSettings) -> set[str]:
    """Those that nodes are in; none while nobody answers."""
    cluster = cluster_of(replace(settings, datacenter=""))
    try:
        cluster.connect()
        return {str(host.datacenter) for host in cluster.metadata.all_hosts()}
    except NoHostAvailable:
        return set()
    finally:
        cluster.shutdown()


def extend(session: Session, settings: CassandraSettings, schema: Schema) -> None:
    """Makes what is not there, and prepares for more to be asked. Raises whatever the driver does."""
    _make(session.asking, settings, schema)
    for query in schema.queries:
        if query not in session.prepared:
            statement = session.asking.prepare(query)
            statement.is_idempotent = True
            session.prepared[query] = statement


def drop(settings: CassandraSettings) -> bool:
    """The whole keyspace, and whether it was there. Waits for the server; raises whatever the driver does."""
    cluster = cluster_of(settings)
    try:
        asking = cluster.connect()
        known = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = %s"
        there = asking.execute(known, (settings.keyspace,), timeout=CONNECT_S).one() is not None
        asking.execute(f"DROP KEYSPACE IF EXISTS {settings.keyspace}", timeout=DROP_S)
        return there
    finally:
        cluster.shutdown()


def cluster_of(settings: CassandraSettings) -> Cluster:
    """Not connected yet; its sessions give rows as tuples."""
    near = DCAwareRoundRobinPolicy(settings.datacenter) if settings.datacenter else RoundRobinPolicy()
    profile = ExecutionProfile(
        load_balancing_policy=TokenAwarePolicy(near),
        consistency_level=getattr(ConsistencyLevel, settings.consistency),
        request_timeout=settings.read_s,
        row_factory=tuple_factory,
    )
    return Cluster(
        list(settings.hosts),
        execution_profiles={EXEC_PROFILE_DEFAULT: profile},
        connect_timeout=CONNECT_S,
        control_connection_timeout=CONNECT_S,
        # Of Cassandra 4 and later. Unless told, the driver first tries two of another maker's, and warns of each.
        protocol_version=ProtocolVersion.V5,
        reconnection_policy=ConstantReconnectionPolicy(RECONNECT_S, max_attempts=None),
        schema_event_refresh_window=0,
    )


def _make(asking: Any, settings: CassandraSettings, schema: Schema) -> None:
    """Asked before it is told: a change of schema, even one that changes nothing, is work for every node."""
    known = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = %s"
    there = {name for (name,) in asking.execute(known, (settings.keyspace,), timeout=CONNECT_S)}
    if not there:
        replication = f"WITH replication = {settings.replication}"
        asking.execute(f"CREATE KEYSPACE IF NOT EXISTS {settings.keyspace} {replication}", timeout=settings.write_s)
    for name, definition in schema.tables.items():
        if name not in there:
            asking.execute(definition, timeout=settings.write_s)
