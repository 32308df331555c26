"""Selecting: selectors change the entries that they match."""
