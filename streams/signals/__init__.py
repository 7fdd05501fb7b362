"""What shoppers do that is no command: searched, viewed, put into the cart, bought. Lossy, bounded, of nobody."""
