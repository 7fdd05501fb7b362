"""What requests may say, and the shapes of the replies."""
