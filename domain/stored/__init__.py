"""Events as bytes: their names for ever, and old shapes lifted to today's."""
