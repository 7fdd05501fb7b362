"""What answers show: carts, orders, products, each as its reader sees it."""
