"""The saga from a placed order to one that is paid and sent; ``saga.py`` is the way in.

``sagastate.py`` is what is known of one checkout, ``evolution.py`` how each event adds to it, and ``cartsteps.py``,
``stocksteps.py`` and ``parcelsteps.py`` are what is asked of carts, of stock and for parcels.
"""
