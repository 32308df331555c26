"""Asking at the terminal whether something may be done."""

from __future__ import annotations

import sys


def can_ask() -> bool:
    """Whether somebody sits at a terminal, to be asked."""
    return sys.stdin.isatty()


def agreed(question: str) -> bool:
    """Whether whoever sits at the terminal says yes; Ctrl-D and an empty line are a no."""
    try:
        answer = input(f"{question} [y/N] ")
    except EOFError:  # Ctrl-D
        print()
        answer = ""
    return answer.strip().lower() in ("y", "yes")
