"""Refusals: what Hydra and the parsers of overrides refuse becomes diagnostics."""
