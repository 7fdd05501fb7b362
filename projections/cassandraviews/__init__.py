"""The projections' tables in Cassandra, for the full profile: rows by key, lists by owner and month, an archive.

Every write carries the position of its event as its timestamp, so that writes may be repeated, and arrive in any
order: the newest position wins. This folder needs ``cassandra-driver``, and nothing else imports it.
"""
