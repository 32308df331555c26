"""A compiler from Hydra configs to trained Keras models.

Importing it imports nothing else; `register`, which lets configs name a class of one's own, comes
when it is asked for.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kerasgen.registry import register as register

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """The one name that is not there from the beginning: `register`."""
    if name != "register":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kerasgen.registry import register

    return register
