"""What the log asks of payment providers, the journal of it, and the daily reconciliation."""
