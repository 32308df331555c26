"""What is raised where data is not as it must be."""

from __future__ import annotations


class DataError(ValueError):
    """Says what is wrong with data, and which argument has to do with it."""

    def __init__(self, problem: str, about: str = "path") -> None:
        super().__init__(problem)
        self.about = about
