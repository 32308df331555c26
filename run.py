"""Trains a Keras model from a config: `python run.py --help`."""

import sys

from kerasgen.sweep.application import main

# Hydra's completion for fish serves only scripts in which it reads @hydra.main.
if __name__ == "__main__":
    sys.exit(main())
