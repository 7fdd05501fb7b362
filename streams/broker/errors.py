"""What can go wrong between the log and its topic."""

from __future__ import annotations


class BrokerUnavailable(Exception):
    """The broker cannot be reached or did not confirm in time. It passes; begin anew."""


class WrongTopic(Exception):
    """The topic is not this log's: other partitions, or positions that the log does not have. Somebody has to look."""
