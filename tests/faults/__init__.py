"""The full profile as a whole when its servers and processes fail under it.

Nothing acknowledged is lost, nothing is sold or charged twice, and afterwards every view is what the log adds up to.
"""
