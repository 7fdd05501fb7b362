"""Who is told of what happened, and how far they have been told."""
