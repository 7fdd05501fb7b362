"""The search index on an Elasticsearch 8 server. Nothing outside of this package imports its client."""
