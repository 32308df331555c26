"""The folder of a run: what lies in it, how it is written, and how it is read.

This room owns the names of the files (`file_names`), what a run can be (`status`), the version of
its record (`versions`), whose the folder is (`run_folder`, `lock`), the one writer of its files
(`write`, `files`, `provenance`) and the one reader of them (`read`, `runs`), for own runs and a
stranger's alike. It stands below whatever runs, sweeps and lists. When a run writes what is the
business of `run`.
"""
