"""From models of Keras 3 to those of Keras 2.3.1: plain data to plain data."""
