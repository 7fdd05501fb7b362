"""What is seen through whatever happens: checkouts, erasures, the archive."""
