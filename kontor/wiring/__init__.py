"""Both profiles put together from their parts, by the settings."""
