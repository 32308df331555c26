"""The model file of a first recipe: most often a copy of a shipped model that a person may edit.

This room owns what is said of it to somebody who has never seen one. What stands in a copy is that
of the shipped file, so that the two cannot differ.
"""

from __future__ import annotations

from kerasgen.frontend.compose.config_folders import config_folder
from kerasgen.verbs.recipes.draft import Draft

_LEFT = (
    "# `layers: auto` stands for the layers that follow from the data: some for each input, hidden",
    "# ones, a head for each target. They use the parameters below, each where it has its place.",
    "# The record of each run has the layers that came of it: what `kerasgen show last --expanded`",
    "# prints may be put here in the place of all this, to change them one by one.",
)

_WRITTEN = (
    "# The layers stand in the order in which they are called, each with a name, Keras's class and",
    "# its arguments. Add, remove and change them; `kerasgen check experiment={name}` prints what",
    "# shapes come of it, and `kerasgen explain Conv2D` what a class takes.",
)


def model_text(draft: Draft, name: str) -> str:
    """The text of a recipe's model file.

    Args:
        draft: the recipe.
        name: its name.
    """
    shipped = draft.model
    if draft.layers:
        own = [f"# The model of `kerasgen run experiment={name}`.", *_WRITTEN]
        return "\n".join([*(line.format(name=name) for line in own), *draft.layers]) + "\n"
    copied = (config_folder() / "model" / f"{shipped}.yaml").read_text(encoding="utf-8")
    lines = [line for line in copied.splitlines() if not line.startswith("# yaml-language-server")]
    told = _LEFT if "layers: auto" in copied else _WRITTEN
    head = [f"# The model of `kerasgen run experiment={name}`: a copy of the shipped `{shipped}`."]
    head += [line.format(name=name) for line in told]
    return "\n".join([*head, *lines]) + "\n"
