"""``kontor replay-orders``: orders that real shops once had, driven through the HTTP API again and added up anew."""
