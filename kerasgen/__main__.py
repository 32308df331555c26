"""The command `kerasgen`, also as `python -m kerasgen`: the door before everything else.

Importing it imports next to nothing, so that a signal is heard before the command is there.
"""

import sys

try:
    from kerasgen.process import begin
except KeyboardInterrupt:  # before there is a handler
    print("interrupted", file=sys.stderr)
    sys.exit(130)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def script() -> "NoReturn":
    """The console script `kerasgen`."""
    begin(_command)


def _command() -> int:
    from kerasgen.cli import main

    return main()


if __name__ == "__main__":
    script()
