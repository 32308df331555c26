"""Recorded runs: reading, choosing and listing them."""
