"""The layers of Keras that change labels with the images; signatures do not say so."""

MIXERS = ("MixUp", "CutMix")
"""Their names."""
