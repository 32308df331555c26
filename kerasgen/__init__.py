"""A compiler from Hydra configs to trained Keras models.

Importing it imports nothing else. What it offers comes when it is asked for: `compose` checks and
runs configs, `runs` lists what was trained, `load` opens a finished run to ask its model, `export`
writes that for another runtime, and `register` lets configs name a class of one's own.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kerasgen.registry import register as register
    from kerasgen.verbs.composed_experiment import compose as compose
    from kerasgen.verbs.export import export as export
    from kerasgen.verbs.load import load_run
    from kerasgen.verbs.run_table import runs as runs

    load = load_run

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """The names that are not there from the beginning."""
    if name == "register":
        from kerasgen.registry import register

        return register
    if name == "load":
        from kerasgen.verbs.load import load_run

        return load_run
    if name == "compose":
        from kerasgen.verbs.composed_experiment import compose

        return compose
    if name == "export":
        from kerasgen.verbs.export import export

        return export
    if name == "runs":
        from kerasgen.verbs.run_table import runs

        return runs
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
