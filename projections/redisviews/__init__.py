"""Views in Redis: a sink that several workers share, and the reading side of it. Needs the extra ``full``."""
