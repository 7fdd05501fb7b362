"""What stands in for a store that is away."""
