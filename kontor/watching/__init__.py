"""What operators see of a running service: metrics, spans, lines of orders."""
