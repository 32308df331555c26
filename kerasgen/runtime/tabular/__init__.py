"""Tables that lie in files and databases become columns, by Polars: the extra `tables`.

This room owns how they are read, in pieces. Like the rest of `runtime` it knows
nothing of configs: a run calls it, and an ejected script quotes it.
"""
