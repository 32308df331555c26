"""Columns: their names, what their values are, and what is done with their cells first."""
