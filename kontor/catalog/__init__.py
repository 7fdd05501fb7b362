"""The sample catalog, and how Icecat's records become it."""
