"""Clients of a service in the service's own process: requests without a socket, accounts without passwords."""
