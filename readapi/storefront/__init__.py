"""The web pages: a storefront at ``/`` and the operator's console at ``/console``, which talk to the public API."""
