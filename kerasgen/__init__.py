"""A compiler from Hydra configs to trained Keras models.

Importing it imports nothing else; `register`, which lets configs name a class of one's own, and
`load`, which opens a finished run to ask its model, come when they are asked for.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kerasgen.registry import register as register
    from kerasgen.verbs.load import load_run

    load = load_run

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """The names that are not there from the beginning: `register` and `load`."""
    if name == "register":
        from kerasgen.registry import register

        return register
    if name == "load":
        from kerasgen.verbs.load import load_run

        return load_run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
