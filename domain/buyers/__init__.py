"""Who buys: accounts, carts, wishlists, and who waits for what."""
