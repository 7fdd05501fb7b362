"""Proof by simulation: the real code in one process, under a clock and a scheduler that one seed decides.

run.py        one seed, from an empty log to the last check
loop.py       the event loop: virtual time, an order of callbacks drawn from the seed
chance.py     where chance comes from, and everything outside that is taken from the code for the run
store.py      a log whose commits fail, whose answers are lost
provider.py   a payment provider that is slow, forgetful and repetitive
banks.py      buyers' banks, which take money back and decide whose it is
nights.py     reconciling, in the middle of things and at rest
process.py    one Kontor process that can be killed and started again
door.py       how people reach it, and the journal of what they were told
people.py     buyers and staff
catalog.py    shopkeepers, and whether the search index follows; index.py: what that keeps
members.py    people with accounts, who are erased; cabinet.py: what the vault keeps
audit.py      what must be true after every commit; ending.py, money.py: and at the end
"""
