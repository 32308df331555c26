"""Shell completion of the command `kerasgen`: its commands, their flags, and overrides.

The scripts that a shell loads are Hydra's, and ask `kerasgen -sc query=SHELL`; what stands behind
`run` is completed as for `run.py`.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence

from kerasgen.cli.shared_arguments import Command

FLAGS = ("-sc", "--shell-completion")
"""Hydra's flag, with which a shell installs completion and asks for candidates."""


def complete(arguments: Sequence[str], commands: Mapping[str, Command]) -> int:
    """Answers a shell.

    Args:
        arguments: the flag and `install=SHELL`, `uninstall=SHELL` or `query=SHELL`.
        commands: name to command, `run` left out.

    Returns:
        The exit code.
    """
    from kerasgen.sweep.hydra.command_line import complete_overrides, main
    from kerasgen.sweep.hydra.completion import SHELLS, asking_shell, typed_words

    shell = asking_shell(arguments[1:])
    if shell is None:
        return main(arguments)
    words = typed_words()
    command, word = words[0], words[-1]
    if len(words) == 1:
        found = [name for name in ("run", *commands) if name.startswith(word)]
    elif command == "run":
        found = complete_overrides(words[1:])
    elif command not in commands:
        found = []
    else:
        parser = argparse.ArgumentParser(prog=command)
        commands[command].declare(parser)
        if word.startswith("-"):
            flags = [flag for action in parser._actions for flag in action.option_strings]
            found = sorted(flag for flag in flags if flag.startswith(word))
        elif (offered := commands[command].words) is not None:
            found = sorted(name for name in offered() if name.startswith(word))
        elif any(action.dest == "overrides" for action in parser._actions):
            found = complete_overrides(words[1:])
        else:
            found = []
    print(SHELLS[shell].join(found))
    return 0
