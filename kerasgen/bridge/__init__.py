"""The bridge: the only room that imports Keras."""
