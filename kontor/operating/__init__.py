"""Commands of the command line that look after a shop."""
