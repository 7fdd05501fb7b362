"""From a cart to an order: what the command service knows of it, checked anew."""
