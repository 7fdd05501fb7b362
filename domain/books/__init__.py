"""Money that moved, entered twice, and held against what the provider says."""
