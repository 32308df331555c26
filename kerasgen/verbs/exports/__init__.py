"""Exporting a run: the rows on which a file is compared with it, and the process that writes it.

This folder owns what `kerasgen export` does beside the engine. How a format is written and asked it
must not know.
"""
