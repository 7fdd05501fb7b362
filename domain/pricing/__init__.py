"""What a cart comes to, and how each amount came about: promotions, tax, shipping."""
