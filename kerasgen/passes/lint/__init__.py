"""Lint: what Keras trains through in silence, one family of rules a file."""
