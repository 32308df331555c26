"""A page of one file: blocks of text, tables and pictures become HTML."""
