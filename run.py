"""Trains a Keras model from a config: `python run.py --help`."""

import sys

try:
    from kerasgen.process.entry import begin
except KeyboardInterrupt:  # before there is a handler
    print("interrupted", file=sys.stderr)
    sys.exit(130)


def train() -> int:
    """Runs the application; what it needs is imported once a signal can do no harm."""
    from kerasgen.sweep.hydra.command_line import main

    return main()


# Hydra's completion for fish serves only scripts in which it reads @hydra.main.
if __name__ == "__main__":
    begin(train)
