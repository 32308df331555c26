"""Texts for people, and plain data for machines."""
