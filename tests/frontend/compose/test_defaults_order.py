"""A defaults list that does not say where the file's own keys come."""

from pathlib import Path

import pytest

from kerasgen.diagnostics import CompileError, Severity
from kerasgen.frontend.compose.composition import compose
from kerasgen.frontend.compose.config_folders import ConfigPlace

SHIPPED = Path(__file__).resolve().parents[3] / "conf"

LIST = """\
defaults:
  - backend: jax
  - data: digits
  - model: mlp
  - optimizer: adam
  - compile: auto
  - fit: default
  - tracking: default
  - experiment: null
  - override hydra/launcher: process
"""


def _composed(folder: Path, text: str):
    (folder / "mine.yaml").write_text(text)
    return compose([], ConfigPlace(config_name="mine", config_dirs=(str(folder),)))


@pytest.mark.filterwarnings("error")
def test_a_list_without_self_is_a_warning_at_its_key(tmp_path):
    (found,) = _composed(tmp_path, f"# mine\n{LIST}seed: 3\n").diagnostics
    assert (found.code, found.severity) == ("KG119", Severity.WARNING)
    assert found.location is not None
    assert found.location.line == 2


@pytest.mark.parametrize("text", [f"{LIST}  - _self_\nseed: 3\n", LIST])
def test_a_list_with_self_or_without_keys_of_its_own_is_none(text, tmp_path):
    assert _composed(tmp_path, text).diagnostics == ()


def test_a_misspelt_self_is_told_by_its_name(tmp_path):
    from kerasgen.session.composed_config import compose_config

    shipped = (SHIPPED / "config.yaml").read_text()
    (tmp_path / "config.yaml").write_text(shipped.replace("- _self_", "- _sefl_"))
    with pytest.raises(CompileError) as caught:
        compose_config([], str(tmp_path))
    (found,) = caught.value.diagnostics
    assert found.code == "KG104"
    assert found.help == "did you mean `_self_`?"
