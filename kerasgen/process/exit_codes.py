"""The exit codes of every command and run, once.

This room owns the numbers and their meaning. A process that a signal has ended gives 128 and the
signal's number, as a shell does (`interruption.exit_code`).
"""

DONE = 0
"""All is done; warnings do not change it."""

FAILED = 1
"""A step failed while the config was in order, or a file could not be written."""

REFUSED = 2
"""Something that the user wrote is wrong: the config, the data, or the usage."""

PIPE_CLOSED = 141
"""The reader of stdout has gone: what a shell reports for a program that SIGPIPE has ended."""
