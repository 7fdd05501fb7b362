"""The saga from a placed order to one that is paid and sent; ``saga.py`` is the way in.

``sagastate.py`` is what is known of one checkout, and ``funds.py`` of its money; ``evolution.py`` and
``moneyevolution.py`` are how each event adds to it. ``cartsteps.py``, ``stocksteps.py``, ``moneysteps.py`` and
``parcelsteps.py`` are what is asked of carts, of stock, of payments and gift cards, and for parcels.
"""
