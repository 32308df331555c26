"""Progress in the kernel of a notebook, and what is left of it in the notebook."""

import json
import sys
from types import SimpleNamespace

import pytest

from kerasgen.run.listeners.progress.notebook import in_notebook

CELL = """
from kerasgen.run.events import EpochEnded, StepFinished, TrainingProgressed, TrainingStarted
from kerasgen.run.listeners.console import Console

console = Console()
console.hear(TrainingStarted(epochs=3, epoch=0, verbose="auto"))
for number in (1, 2, 3):
    figures = {"loss": 1 / number, "a<b": 0.5}
    for batch in range(10):
        console.hear(TrainingProgressed(
            epochs=number - 1, batch=batch, batches=10, figures=figures, validating=False
        ))
    console.hear(EpochEnded(epoch=number, seconds=1.0, figures={**figures, "val_loss": 2.0}))
console.hear(StepFinished(name="fit", text="3 epochs", seconds=3.0))
"""


def test_a_process_without_a_kernel_is_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    monkeypatch.setitem(sys.modules, "ipykernel", SimpleNamespace())
    assert not in_notebook()


def test_a_kernel_is_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "ipykernel", SimpleNamespace())
    assert in_notebook()


def test_a_notebook_keeps_one_output_that_was_replaced_in_place() -> None:
    nbformat = pytest.importorskip("nbformat", reason="Jupyter is not installed")
    nbclient = pytest.importorskip("nbclient", reason="Jupyter is not installed")
    pytest.importorskip("ipykernel", reason="Jupyter is not installed")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    shown = [item for item in notebook.cells[0].outputs if item.output_type == "display_data"]
    assert len(shown) == 1, json.dumps(notebook.cells[0].outputs)
    text = shown[0].data["text/plain"].split("\n")
    assert text[0].startswith("epoch 3/3, 0:0")
    assert text[1:] == ["training: loss 0.3333, a<b 0.5", "validation: loss 2"]
    assert 'value="3.0000"' in shown[0].data["text/html"]
    assert "a&lt;b" in shown[0].data["text/html"]
