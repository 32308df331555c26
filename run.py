"""Trains a Keras model from a config: `python run.py --help`."""

from kerasgen.run.entry import main

if __name__ == "__main__":
    main()
