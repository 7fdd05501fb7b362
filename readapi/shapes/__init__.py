"""Shapes of answers, for the OpenAPI document alone."""
