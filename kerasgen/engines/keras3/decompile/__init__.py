"""The way back: a Keras model becomes a `ModelDef`, and that the text of a config."""
