"""What merchants and administrators do to the catalog, apart from HTTP."""
