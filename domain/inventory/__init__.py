"""What there is of each SKU in each shop, and who holds it."""
