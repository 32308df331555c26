"""Expanding: parameters, expressions, `repeat`, `if`, `after` and blocks become plain entries."""
