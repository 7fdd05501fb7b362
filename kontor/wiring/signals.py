"""Signals of the full profile, wired: by way of their topic into Redis."""

from __future__ import annotations

from kontor.settings import Settings, required
from projections.redisviews.server import RedisServer
from streams.broker.topic import Topic
from streams.signals.handover import Signals
from streams.signals.kafka import SignalIntake, SignalOutlet, topic_of
from streams.signals.redis import RedisSignals


def shared_signals(settings: Settings, server: RedisServer) -> Signals | None:
    """None without Kafka, which services need for nothing else."""
    if settings.kafka is None:
        return None
    return Signals(SignalOutlet(signal_topic(settings)), RedisSignals(server, settings.namespace))


def signal_intake(settings: Settings, server: RedisServer) -> SignalIntake:
    """Raises UnusableLog."""
    return SignalIntake(
        signal_topic(settings), f"{settings.namespace}-signals", RedisSignals(server, settings.namespace)
    )


def signal_topic(settings: Settings) -> Topic:
    (servers,) = required(settings, "kafka")
    return topic_of(servers, settings.namespace, settings.kafka_replicas)
