"""The folder of a run: what lies in it, and how it is read.

This room owns the layout of the folder (`layout`) and the one reader of it (`reading`), for own
runs and a stranger's alike. It stands below whatever runs, sweeps and lists. What a run writes,
and when, is still the business of `kerasgen.run`.
"""
