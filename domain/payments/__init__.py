"""The money of one order, taken by a provider or from a gift card. Knows nothing of orders."""
