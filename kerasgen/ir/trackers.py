"""Trackers as a config asks for them.

This room owns their settings. It must not know how a tracker is talked to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class MlflowDef:
    """A run in MLflow.

    Attributes:
        uri: where MLflow keeps its runs: a folder, `sqlite:///FILE`, or the address of a server.
        experiment: the experiment that the run belongs to; it is made if it is not there.
        run_name: name of the run, None for that of the config.
        model: whether the saved model is logged with its signature, too.
    """

    uri: str = "outputs/mlflow"
    experiment: str = "kerasgen"
    run_name: str | None = None
    model: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WandbDef:
    """A run in Weights & Biases.

    Attributes:
        project: the project that the run belongs to.
        mode: `offline` keeps the run in its folder, to be synced later; `online` sends it at once.
        entity: the user or team whose project it is, None for one's own.
        run_name: name of the run, None for that of the config.
    """

    project: str = "kerasgen"
    mode: Literal["offline", "online"] = "offline"
    entity: str | None = None
    run_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorBoardDef:
    """Event files for TensorBoard.

    Attributes:
        histograms: whether Keras's own callback adds those of the weights after each epoch.
    """

    histograms: bool = False
