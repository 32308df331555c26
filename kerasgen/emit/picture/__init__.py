"""Drawings of a model."""
