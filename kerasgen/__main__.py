"""Lets `python -m kerasgen` be the command `kerasgen`."""

from kerasgen.cli import script

script()
