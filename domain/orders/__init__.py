"""What was bought, and what becomes of it: review, parcels, shipments, returns, refunds."""
