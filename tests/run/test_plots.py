"""The pictures of a run: what they show, and that nothing else is touched."""

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib import rc_context, rcParams
from matplotlib.figure import Figure

from kerasgen.run.plots import (
    draw_confusion_matrix,
    draw_learning_curves,
    draw_predicted_vs_true,
)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are saved while a test runs."""
    figures: list[Figure] = []
    save = Figure.savefig

    def keep(figure: Figure, *arguments: Any, **options: Any) -> None:
        figures.append(figure)
        save(figure, *arguments, **options)

    monkeypatch.setattr(Figure, "savefig", keep)
    return figures


def is_png(path: Path) -> bool:
    return path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def epochs(count: int, **metrics: float) -> list[dict[str, float]]:
    return [
        {"epoch": epoch, "seconds": 0.5} | {name: value / epoch for name, value in metrics.items()}
        for epoch in range(1, count + 1)
    ]


def titles(figure: Figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes if axes.axison]


def test_each_metric_has_a_panel_with_both_curves(tmp_path: Path, drawn: list[Figure]) -> None:
    rows = epochs(4, accuracy=0.5, loss=1.0, val_accuracy=0.4, val_loss=2.0, learning_rate=0.1)
    draw_learning_curves(tmp_path / "curves.png", rows, title="two layers")
    assert is_png(tmp_path / "curves.png")
    (figure,) = drawn
    assert titles(figure) == ["loss", "accuracy", "learning rate"]
    training, validation = figure.axes[0].get_lines()
    assert (training.get_label(), validation.get_label()) == ("training", "validation")
    assert np.asarray(training.get_xdata()).tolist() == [1, 2, 3, 4]
    assert np.asarray(validation.get_ydata()).tolist() == [2.0, 1.0, 2 / 3, 0.5]


def test_a_constant_learning_rate_has_no_panel(tmp_path: Path, drawn: list[Figure]) -> None:
    rows = [row | {"learning_rate": 0.01} for row in epochs(3, loss=1.0)]
    draw_learning_curves(tmp_path / "curves.png", rows)
    assert titles(drawn[0]) == ["loss"]


def test_epochs_are_whole_numbers(tmp_path: Path, drawn: list[Figure]) -> None:
    draw_learning_curves(tmp_path / "curves.png", epochs(3, loss=1.0))
    axes = drawn[0].axes[0]
    low, high = axes.get_xlim()
    ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert ticks == [1, 2, 3]


def test_a_loss_that_is_not_finite_leaves_a_gap_and_is_named(
    tmp_path: Path, drawn: list[Figure]
) -> None:
    rows = epochs(5, loss=1.0)
    rows[2]["loss"], rows[3]["loss"] = math.nan, math.inf
    draw_learning_curves(tmp_path / "curves.png", rows)
    (line,) = drawn[0].axes[0].get_lines()
    assert np.isnan(np.asarray(line.get_ydata(), dtype=float)).tolist() == [
        False,
        False,
        True,
        True,
        False,
    ]
    assert drawn[0].axes[0].texts[0].get_text() == "not finite in 2 epochs, first in epoch 3"


def test_an_epoch_without_validation_is_bridged(tmp_path: Path, drawn: list[Figure]) -> None:
    rows = epochs(4, loss=1.0)
    rows[1]["val_loss"], rows[3]["val_loss"] = 0.9, 0.8
    draw_learning_curves(tmp_path / "curves.png", rows)
    assert np.asarray(drawn[0].axes[0].get_lines()[1].get_xdata()).tolist() == [2, 4]


def test_a_loss_over_many_magnitudes_is_drawn_in_logarithms(
    tmp_path: Path, drawn: list[Figure]
) -> None:
    rows = [{"epoch": 1, "loss": 1e6}, {"epoch": 2, "loss": 1.0}]
    draw_learning_curves(tmp_path / "curves.png", rows)
    assert drawn[0].axes[0].get_yscale() == "log"


@pytest.mark.parametrize("rows", [[], epochs(1, loss=1.0), [{"epoch": 1, "loss": math.nan}]])
def test_a_run_of_hardly_any_epochs_is_drawn(tmp_path: Path, rows: Any) -> None:
    draw_learning_curves(tmp_path / "curves.png", rows)
    assert is_png(tmp_path / "curves.png")


def test_a_confusion_matrix_counts_true_classes_by_row(tmp_path: Path, drawn: list[Figure]) -> None:
    draw_confusion_matrix(tmp_path / "matrix.png", [0, 0, 1, 1], [0, 1, 1, 1], ["cat", "dog"])
    assert is_png(tmp_path / "matrix.png")
    axes = drawn[0].axes[0]
    assert [text.get_text() for text in axes.texts] == ["1", "1", "0", "2"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("predicted class", "true class")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["cat", "dog"]
    assert axes.get_title() == "accuracy 0.75, 4 samples"


def test_the_colors_of_a_confusion_matrix_are_shares_of_the_true_class(
    tmp_path: Path, drawn: list[Figure]
) -> None:
    draw_confusion_matrix(tmp_path / "matrix.png", [0, 0, 0, 0, 1], [0, 0, 0, 1, 1], "ab")
    shares = drawn[0].axes[0].get_images()[0].get_array()
    assert np.asarray(shares).tolist() == [[0.75, 0.25], [0.0, 1.0]]


def test_many_classes_have_no_numbers_and_not_every_name(
    tmp_path: Path, drawn: list[Figure]
) -> None:
    draw_confusion_matrix(
        tmp_path / "matrix.png", range(100), range(100), [f"class {i}" for i in range(100)]
    )
    axes = drawn[0].axes[0]
    assert not axes.texts
    assert [label.get_text() for label in axes.get_yticklabels()][:3] == [
        "class 0",
        "class 4",
        "class 8",
    ]


def test_long_class_names_keep_what_tells_them_apart(tmp_path: Path, drawn: list[Figure]) -> None:
    names = [f"a class with a rather long name {place}" for place in range(2)]
    draw_confusion_matrix(tmp_path / "matrix.png", [0, 1], [0, 1], names)
    shown = [label.get_text() for label in drawn[0].axes[0].get_yticklabels()]
    assert len(set(shown)) == 2
    assert max(len(name) for name in shown) <= 22


def test_a_class_that_does_not_occur_and_no_sample_are_drawn(tmp_path: Path) -> None:
    draw_confusion_matrix(tmp_path / "one.png", [0], [2], ["a", "b", "c"])
    draw_confusion_matrix(tmp_path / "none.png", [], [], ["a", "b"])
    assert is_png(tmp_path / "one.png")
    assert is_png(tmp_path / "none.png")


@pytest.mark.parametrize(("true", "predicted"), [([0, 1], [0]), ([0, 2], [0, 1]), ([-1], [0])])
def test_classes_that_do_not_fit_are_refused(
    tmp_path: Path, true: list[int], predicted: list[int]
) -> None:
    with pytest.raises(ValueError, match="class"):
        draw_confusion_matrix(tmp_path / "matrix.png", true, predicted, ["a", "b"])
    assert not (tmp_path / "matrix.png").exists()


@pytest.mark.parametrize("name", ["$x^{", "日本 😀 مرحبا", "a\nb\x1b[31m", "_", ""])
def test_every_class_name_can_be_drawn(tmp_path: Path, name: str) -> None:
    draw_confusion_matrix(tmp_path / "matrix.png", [0, 1], [0, 1], [name, "b"])
    assert is_png(tmp_path / "matrix.png")


def test_predictions_are_drawn_with_r2_and_mean_absolute_error(
    tmp_path: Path, drawn: list[Figure]
) -> None:
    true, predicted = np.array([[1.0], [2.0], [3.0]]), np.array([1.0, 2.0, 4.0])
    draw_predicted_vs_true(tmp_path / "values.png", true, predicted, title="price")
    assert is_png(tmp_path / "values.png")
    axes = drawn[0].axes[0]
    # R² is 1 - 1/2, the mean absolute error 1/3.
    assert axes.get_title() == "price\nR² 0.5, MAE 0.3333, 3 samples"
    assert np.asarray(axes.collections[0].get_offsets()).tolist() == [[1, 1], [2, 2], [3, 4]]
    (diagonal,) = axes.get_lines()
    assert np.asarray(diagonal.get_xdata()).tolist() == np.asarray(diagonal.get_ydata()).tolist()


def test_values_that_are_not_finite_are_left_out_and_counted(
    tmp_path: Path, drawn: list[Figure]
) -> None:
    draw_predicted_vs_true(tmp_path / "values.png", [1.0, math.nan, 2.0], [1.0, 1.0, math.inf])
    assert drawn[0].axes[0].get_title() == "R² not defined, MAE 0, 1 sample, 2 not finite"


def test_many_points_are_transparent(tmp_path: Path, drawn: list[Figure]) -> None:
    for count in (10, 20_000):
        values = np.linspace(0, 1, count)
        draw_predicted_vs_true(tmp_path / "values.png", values, values)
    few, many = (float(figure.axes[0].collections[0].get_alpha() or 1) for figure in drawn)
    assert many < 0.2 < few


def test_values_of_different_number_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 true values, but 1 predicted"):
        draw_predicted_vs_true(tmp_path / "values.png", [1, 2], [1])


def test_no_values_at_all_are_drawn(tmp_path: Path) -> None:
    draw_predicted_vs_true(tmp_path / "values.png", [], [])
    assert is_png(tmp_path / "values.png")


def test_the_users_settings_neither_change_a_picture_nor_are_changed(tmp_path: Path) -> None:
    draw_learning_curves(tmp_path / "plain.png", epochs(3, loss=1.0))
    with rc_context({"text.usetex": True, "font.size": 30, "axes.facecolor": "red"}):
        before = dict(rcParams)
        draw_learning_curves(tmp_path / "users.png", epochs(3, loss=1.0))
        assert dict(rcParams) == before
    assert (tmp_path / "plain.png").read_bytes() == (tmp_path / "users.png").read_bytes()


def test_a_picture_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        draw_learning_curves(tmp_path / "nowhere" / "curves.png", epochs(2, loss=1.0))


def test_neither_pyplot_nor_a_display_is_used(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from kerasgen.run import plots; "
        "assert 'matplotlib' not in sys.modules; "
        "plots.draw_predicted_vs_true(Path(sys.argv[1]), [1, 2], [1, 2]); "
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "values.png")],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "False"
