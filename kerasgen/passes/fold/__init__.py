"""Folding: repeated pieces of a model become blocks."""
