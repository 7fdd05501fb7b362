"""``kontor bench day``: a day's purchases with every kind of payment, in processes that are killed, and its evening."""
