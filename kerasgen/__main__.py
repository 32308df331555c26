"""The command `kerasgen`, also as `python -m kerasgen`: the door before everything else.

Importing it imports next to nothing, so that a signal is heard before the command is there.
"""

from typing import NoReturn

from kerasgen.process import begin


def script() -> NoReturn:
    """The console script `kerasgen`."""
    begin(_command)


def _command() -> int:
    from kerasgen.cli import main

    return main()


if __name__ == "__main__":
    script()
