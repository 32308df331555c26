"""The modules of this program as modules of Hydra's plugins.

Hydra imports a plugin by its name below `hydra_plugins`. That is a package which all plugins of an
environment share, or which is not there; a module joins it while the process lives. This room owns
that, and must not know what a plugin does.
"""

from __future__ import annotations

import importlib
import sys
import types


def join_plugins(target: str, module: str) -> None:
    """Lets a module be found below `hydra_plugins`.

    Args:
        target: the name of the plugin's class, as a config's `_target_` has it.
        module: the module that has the class; it is imported.
    """
    package, _, name = target.rpartition(".")[0].partition(".")
    try:
        plugins = importlib.import_module(package)
    except ModuleNotFoundError:
        plugins = sys.modules[package] = types.ModuleType(package)
        plugins.__path__ = []
    sys.modules[f"{package}.{name}"] = sys.modules[module]
    setattr(plugins, name, sys.modules[module])
