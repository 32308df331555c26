"""Trains a Keras model from a config: `python run.py --help`."""

import sys

from kerasgen.sweep.application import main

if __name__ == "__main__":
    sys.exit(main())
