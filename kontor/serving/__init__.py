"""Processes that run until a signal: services, workers, the demo, the simulated provider."""
