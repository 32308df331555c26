"""Where Hydra looks for configs: the shipped ones, and before them the folders of the user's.

This room owns Hydra's search path and what is offered to Hydra beside it: the door for files, and
launchers and sweepers. Which folders are the user's stands in `config_folders`.
"""

from __future__ import annotations

from pathlib import Path

from hydra import version
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.errors import SearchPathException

from kerasgen.foreign.regular_files import is_folder
from kerasgen.frontend.compose.config_folders import ConfigPlace, config_folder
from kerasgen.frontend.compose.config_limits import GuardedFiles
from kerasgen.frontend.compose.hydra_settings import offer_plugins
from kerasgen.frontend.compose.loader import offer_sources
from kerasgen.frontend.compose.search_options import offer_search

OF_THE_USER = "command-line"
"""What Hydra's search path calls the provider of a folder of the user's."""


def make_search_path(place: ConfigPlace) -> ConfigSearchPath:
    """Where Hydra looks for configs.

    Hydra itself puts `--config-dir` last, so that a user's file could not take the place of a
    shipped one of the same name; here the user's comes first.

    Raises:
        SearchPathException: a folder is not there.
    """
    from hydra._internal.utils import create_config_search_path
    from hydra.core.config_search_path import SearchPathQuery

    version.setbase("1.3")
    Plugins.instance()
    offer_sources(GuardedFiles)
    offer_plugins()
    offer_search()
    for folder in (*place.config_dirs, place.config_path):
        if folder is not None and "://" not in folder and not is_folder(folder):
            raise SearchPathException(f"the config folder `{folder}` is not there")
    primary = str(config_folder()) if place.config_path is None else place.config_path
    if "://" not in primary:
        primary = str(Path(primary).absolute())
    search_path = create_config_search_path(primary)
    for folder in place.config_dirs:
        # Not `as_uri`: Hydra takes what follows `file://` as it is, without unquoting `%20`.
        search_path.prepend(
            OF_THE_USER, f"file://{Path(folder).absolute()}", SearchPathQuery("main", None)
        )
    return search_path
