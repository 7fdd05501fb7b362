"""Smaller ones of merchants' pictures: decoded in a process of its own, named after what they were made of."""
