"""The schemas of what lies in Postgres, one folder each: numbered files of SQL that run once and in order.

A file that was released is never changed; a change is another file with the next number.
"""
