"""Answers for new rows: how they are read and written some at a time."""
