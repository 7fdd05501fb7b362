"""Several logs behind the ports of one: slices, their directory, the order of all events, an engine that routes.

One log needs none of this and meets none of it (DECISIONS 62).
"""
