"""Keras 3 on its backends: the only room that imports Keras."""
