"""Composing: Hydra's configs and overrides become one mapping with known origins."""
