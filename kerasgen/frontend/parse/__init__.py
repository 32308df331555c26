"""Parsing: plain data becomes the IR."""
