"""What is written of a model that was imported, and how it is tried."""

from pathlib import Path


def test_a_model_that_takes_text_is_written_untried(engine: str, tmp_path: Path) -> None:
    import keras

    from kerasgen.engines.keras3.model_files.weights.transfer import write_verified

    text, numbers = keras.Input((1,), dtype="string"), keras.Input((3,))
    model = keras.Model([text, numbers], keras.layers.Dense(2)(numbers))
    assert write_verified(model, tmp_path / "made.keras") == "it takes text"
    assert keras.saving.load_model(tmp_path / "made.keras").count_params() == 8


def test_a_model_of_numbers_is_written_and_tried(engine: str, tmp_path: Path) -> None:
    import keras

    from kerasgen.engines.keras3.model_files.weights.transfer import write_verified

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    assert write_verified(model, tmp_path / "made.keras") is None
