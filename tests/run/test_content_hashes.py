"""Content hashes of configs: what changes them, and what does not."""

from typing import Any

from kerasgen.frontend.compose.composition import compose
from kerasgen.run.content_hashes import config_hashes
from kerasgen.session.session import Session
from kerasgen.session.states import CLOSED, Parsed


def _hashes(*overrides: str) -> dict[str, Any]:
    parsed = Session(compose(list(overrides)), CLOSED).parsed
    assert isinstance(parsed, Parsed)
    return config_hashes(parsed.program)


def _changed(*overrides: str) -> set[str]:
    """The sections that overrides change."""
    before, after = _hashes("backend=jax"), _hashes("backend=jax", *overrides)
    names = {
        name for name in before["sections"] if before["sections"][name] != after["sections"][name]
    }
    assert (before["sha256"] != after["sha256"]) == bool(names)
    return names


def test_a_section_that_means_something_else_has_another_hash() -> None:
    assert _changed("optimizer.learning_rate=0.01") == {"optimizer"}
    assert _changed("model.layers.hidden1.units=64") == {"model"}
    assert _changed("seed=3") == {"seed"}
    assert _changed("fit.epochs=3", "data.split.test=0.3") == {"fit", "data"}


def test_what_only_shows_or_records_a_training_changes_no_hash() -> None:
    silent = ["fit.verbose=0", "fit.resume=never", "fit.checkpoint=null", "tracking.plots=false"]
    assert _changed(*silent) == set()


def test_a_value_that_is_the_default_changes_no_hash() -> None:
    assert _changed("optimizer.learning_rate=0.001") == _changed()
