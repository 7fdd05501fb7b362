"""The broker side of the full profile: without a broker where that suffices, on a real one where not."""
