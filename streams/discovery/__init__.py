"""What goes together, what sells, and what may please whom."""
