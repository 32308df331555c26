"""The folder of a run: what lies in it, how it is written, and how it is read.

This room owns the layout of the folder (`layout`), the writing of its record (`write`, `files`,
`provenance`) and the one reader of it (`read`, `runs`), for own runs and a stranger's alike. It
stands below whatever runs, sweeps and lists. When a run writes what is the business of `run`.
"""
