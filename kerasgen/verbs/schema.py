"""JSON Schemas of the config language, for the Keras that is installed.

This room owns which catalog they are made of: what can be named here and now. What they say stands
in `emit.schema`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kerasgen.diagnostics import Sink
from kerasgen.registry import NOBODY, Trust

if TYPE_CHECKING:
    from kerasgen.catalog.entries import Catalog


def schema_texts(group: str | None = None, trust: Trust = NOBODY) -> dict[str, str]:
    """The schemas as texts, by the names of their files.

    Args:
        group: the group whose schema is wanted, whole in one text; all, in parts, if left out.
        trust: whose classes count beside Keras's.

    Raises:
        CompileError: there is no Keras that can be asked.
    """
    from kerasgen.emit.schema.document import make_schemas, schema_text, whole_schema

    schemas = make_schemas(offered_catalog(trust))
    if group is not None:
        return {group: schema_text(whole_schema(schemas, group))}
    return {name: schema_text(schema) for name, schema in schemas.items()}


def shipped_schemas() -> str:
    """Where the shipped schemas are, and how a config names its own."""
    from kerasgen.emit.schema.document import FILES
    from kerasgen.frontend.compose.config_folders import config_folder

    width = max(map(len, FILES))
    lines = [f"  {name:{width}}  {text.replace('`', '')}" for name, text in FILES.items()]
    folder = config_folder() / ".schema"
    return "\n".join(
        (
            f"JSON Schemas in {folder}:",
            *lines,
            "",
            "An editor with a YAML language server completes and checks a config that begins with",
            f"  # yaml-language-server: $schema={folder / 'model.json'}",
            "The path may be relative to the config's own folder, as in the shipped configs.",
        )
    )


def offered_catalog(trust: Trust) -> Catalog:
    """Every class that the installed Keras, the data sources and trusted modules offer.

    Raises:
        CompileError: there is no Keras that can be asked, or a module cannot be used.
    """
    from kerasgen.session.catalog import (
        child_catalog,
        lightest_engine,
        say_on_stderr,
        stored_catalog,
    )

    if trust.modules:
        from kerasgen.session.engine_start import start

        return start(lightest_engine(), Sink(), trust).catalog
    return stored_catalog() or child_catalog(Sink(), say_on_stderr)
