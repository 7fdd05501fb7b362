"""The saga from a placed order to one that is paid and sent; ``checkout.py`` is the way in."""
