"""The command `kerasgen`, also as `python -m kerasgen`: the door before everything else.

Importing it imports next to nothing, so that a signal is heard before the command is there.

Decisions:
- `python -m` puts the working directory before all places of modules. It may be a stranger's, whose
  `yaml.py` or `hydra_plugins` would be run, so that it is taken out again; but where kerasgen
  itself lies in it, which is a checkout of it.
"""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    _PLACE = __file__.rpartition("/kerasgen/")[0]
    if sys.path and sys.path[0] != _PLACE:
        del sys.path[0]

try:
    from kerasgen.process.entry import begin
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
