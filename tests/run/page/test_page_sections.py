"""The page of a run: a section for what its record holds, and none for what it lacks."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from page_reader import ReadPage, read_page

from kerasgen.diagnostics import CompileError
from kerasgen.emit.page.markup import page_html
from kerasgen.record.file_names import CONFIG, HISTORY, PREDICTIONS, RECORD
from kerasgen.run.page.document import run_page

WriteRun = Callable[..., Path]

RANDOM = np.random.default_rng(0)


def page_of(folder: Path) -> ReadPage:
    text = page_html(run_page(folder, folder.parent))
    page = read_page(text)
    assert page.unclosed == []
    assert all(address[0] == "#" or address.startswith("data:") for address in page.addresses)
    return page


def classified(classes: int, rows: int = 60) -> dict[str, np.ndarray]:
    scores = RANDOM.dirichlet(np.ones(classes), rows).astype("float32")
    true = RANDOM.integers(0, classes, rows).astype("int32")
    return {"rows": np.arange(rows, dtype="int32"), "predicted": scores, "true": true}


def test_classes_have_a_confusion_matrix_by_their_names(write_run: WriteRun) -> None:
    names = ["apple", "pear", "quince"]
    page = page_of(write_run("a", arrays=classified(3), classes=names))
    told = page.sections["predictions"]
    assert "Confusion matrix" in told
    assert "Most frequent confusions" in told
    assert all(name in told for name in names)
    assert "Receiver" not in told
    assert "true class got" in page.sections["worst"]


def test_two_classes_have_their_curves(write_run: WriteRun) -> None:
    scores = RANDOM.random((80, 1)).astype("float32")
    true = (scores[:, 0] + RANDOM.normal(0, 0.3, 80) > 0.5).astype("int32")[:, np.newaxis]
    arrays = {"predicted": scores, "true": true}
    told = page_of(write_run("a", arrays=arrays, coding="binary", classes=["no", "yes"])).sections
    assert "Receiver operating characteristic of yes: area 0." in told["predictions"]
    assert "average precision 0." in told["predictions"]


def test_many_classes_have_a_list_instead_of_a_matrix(write_run: WriteRun) -> None:
    told = page_of(write_run("a", arrays=classified(40, 400))).sections["predictions"]
    assert "Confusion matrix" not in told
    assert "Most frequent confusions" in told


def test_labels_have_precision_and_recall_each(write_run: WriteRun) -> None:
    scores = RANDOM.random((30, 4)).astype("float32")
    arrays = {"predicted": scores, "true": (scores > 0.4).astype("float32")}
    page = page_of(write_run("a", arrays=arrays, coding="multi_hot"))
    assert "rows that have it" in page.sections["predictions"]
    assert "worst" in page.sections


def test_numbers_have_residuals(write_run: WriteRun) -> None:
    true = RANDOM.normal(size=(50, 1)).astype("float32")
    arrays = {"predicted": true + 0.5, "true": true}
    page = page_of(write_run("a", arrays=arrays, coding="amounts"))
    assert "Residuals: mean 0.5" in page.sections["predictions"]
    assert "off by" in page.sections["worst"]


def test_a_forecast_is_drawn_over_the_rows_where_no_data_is(write_run: WriteRun) -> None:
    rows = np.arange(20, 32)[:, np.newaxis] + np.arange(4)
    true = np.sin(rows).astype("float32")
    arrays = {"rows": rows.astype("int64"), "predicted": true + 0.1, "true": true}
    config = "data: {task: forecasting, windows: {length: 8, horizon: 4}}\n"
    page = page_of(write_run("a", arrays=arrays, coding="amounts", config=config))
    assert "Forecasts of the test part" in page.sections["predictions"]
    assert "row of the data" in page.sections["predictions"]
    assert "steps ahead" in page.sections["predictions"]


def test_images_that_a_model_makes_stand_beside_the_true_ones(write_run: WriteRun) -> None:
    true = RANDOM.random((20, 8, 8, 1)).astype("float32")
    arrays = {"predicted": true**2, "true": true}
    page = page_of(write_run("a", arrays=arrays, coding="amounts"))
    images = [attributes for tag, attributes in page.tags if tag == "img"]
    assert [image["alt"] for image in images[:2]] == ["true", "predicted"]
    assert len(images) == 24


def test_each_output_has_sections_of_its_own(write_run: WriteRun) -> None:
    digit, odd = classified(3), classified(2)
    arrays = {
        "predicted_digit": digit["predicted"],
        "true_digit": digit["true"],
        "predicted_odd": odd["predicted"],
        "true_odd": odd["true"],
    }
    coding = {"digit": "indices", "odd": "indices"}
    page = page_of(write_run("a", arrays=arrays, coding=coding))
    assert {"predictions", "worst", "predictions1", "worst1"} <= page.sections.keys()


def test_the_epoch_whose_weights_were_kept_is_marked(write_run: WriteRun) -> None:
    weights = {"epoch": 2, "epochs": 3, "set_by": "EarlyStopping"}
    page = page_of(write_run("a", weights=weights))
    assert "2 (chosen by EarlyStopping)" in page.sections["summary"]
    assert "weights kept" in page.sections["curves"]
    assert "The weights are those of epoch 2." in page.sections["curves"]


def test_metrics_stand_beside_what_needs_no_model(write_run: WriteRun) -> None:
    metrics = {"test": {"accuracy": 0.5, "loss": 0.9}, "training": {"accuracy": 0.75}}
    baselines = {"test": {"class shares": {"accuracy": 0.625, "loss": 1.25}}}
    folder = write_run("a", metrics=metrics, baselines=baselines)
    told = page_of(folder).sections["summary"]
    assert "class shares (test)" in told
    text = page_html(run_page(folder, folder.parent))
    assert "<strong>0.625</strong>" in text  # as good as the run's, or better
    assert "<strong>1.25</strong>" not in text


def test_the_hashes_of_code_are_folded_and_memory_has_a_unit(write_run: WriteRun) -> None:
    code = {"sha256": "abc", "rooms": {"cli": "f381ed", "data": "9ad3ec"}}
    told = page_of(write_run("a", code=code, hardware={"memory": 25276510208}))
    assert "hardware: memory 23.5 GiB" in told.sections["environment"]
    assert "code: rooms" not in told.sections["environment"]
    assert "the code of each part of kerasgen" in told.sections["environment"]
    assert "f381ed" in told.sections["environment"]


def test_warnings_are_told_with_their_keys(write_run: WriteRun) -> None:
    warning = {
        "code": "KG745",
        "severity": "warning",
        "message": "the learning rate is `1e9`",
        "location": {"key": "optimizer.learning_rate"},
        "help": "write less",
    }
    told = page_of(write_run("a", diagnostics=[warning])).sections["summary"]
    assert "warning KG745" in told
    assert "the learning rate is `1e9` (optimizer.learning_rate): write less" in told


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"status": "interrupted"}, "goes on with it"),
        ({"status": "failed", "error": "KeyError: 'x'"}, "KeyError: 'x'"),
        ({"status": "running", "process": None}, "killed"),
    ],
    ids=["interrupted", "failed", "killed"],
)
def test_a_run_that_did_not_complete_says_why(
    fields: dict[str, object], told: str, write_run: WriteRun
) -> None:
    page = page_of(write_run("a", **fields))
    assert told in page.sections["summary"]
    assert "predictions" not in page.sections


def test_a_run_that_has_only_begun_is_a_page_as_well(make_run: Callable[..., Path]) -> None:
    page = page_of(make_run("a", status="created"))
    assert set(page.sections) == {"summary", "environment", "repeat"}


def test_folds_stand_beside_one_another(write_run: WriteRun) -> None:
    metrics = {"test": {"accuracy": 0.5}}
    folds = {"count": 2, "completed": [1, 2], "deviation": {"test": {"accuracy": 0.125}}}
    whole = write_run("a", metrics=metrics, folds=folds, history="")
    for number in (1, 2):
        write_run(f"a/folds/{number}", arrays=classified(3), metrics=metrics, classes=list("xyz"))
    page = page_of(whole)
    assert "0.5 ± 0.12" in page.sections["summary"]
    assert "2 of 2 completed" in page.sections["summary"]
    assert "a color for each fold" in page.sections["folds"]
    assert "of 120 right" in page.sections["predictions"]
    assert "--fold 1" in page.sections["repeat"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (CONFIG, "a: &a [x]\nb: *a\n"),
        (HISTORY, "epoch,loss\n1,one\n"),
        (PREDICTIONS, "no archive"),
        ("diagnostics.json", "["),
        ("prepare/columns.json", "{}"),
    ],
)
def test_a_spoilt_file_takes_no_other_part_with_it(
    name: str, content: str, write_run: WriteRun
) -> None:
    folder = write_run("a", arrays=classified(3), classes=list("xyz"))
    (folder / name).write_text(content)
    page = page_of(folder)
    assert {"summary", "environment"} <= page.sections.keys()
    assert "eft out" in "".join(page.sections.values())


@pytest.mark.parametrize(
    "arrays",
    [
        {"predicted": np.zeros((3, 2)), "true": np.zeros(4, "int32")},
        {"predicted": np.array(["a", "b"]), "true": np.zeros(2, "int32")},
        {"predicted": np.zeros(()), "true": np.zeros(())},
        {"predicted": np.zeros((0, 2)), "true": np.zeros(0, "int32")},
        {"true": np.zeros(3, "int32")},
    ],
    ids=["lengths", "words", "scalars", "none", "absent"],
)
def test_predictions_that_fit_nothing_are_left_out(
    arrays: dict[str, np.ndarray], write_run: WriteRun
) -> None:
    told = page_of(write_run("a", arrays=arrays)).sections["predictions"]
    assert "Left out" in told


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("coding", ["indices", "amounts", "binary", "multi_hot"])
def test_predictions_that_are_no_numbers_are_told_of(
    coding: str, value: float, write_run: WriteRun
) -> None:
    shape = (6, 1) if coding == "binary" else (6, 3)
    predicted = np.full(shape, value, dtype="float32")
    true = np.zeros(6, "int32") if coding == "indices" else np.zeros(shape, "float32")
    page = page_of(write_run("a", arrays={"predicted": predicted, "true": true}, coding=coding))
    assert page.sections["predictions"]


def test_classes_beyond_the_scores_are_left_out(write_run: WriteRun) -> None:
    arrays = classified(3)
    arrays["true"][:4] = (-1, 99, 3, -7)
    assert "4 rows left out" in page_of(write_run("a", arrays=arrays)).sections["predictions"]


def test_a_record_that_cannot_be_read_is_refused(make_run: Callable[..., Path]) -> None:
    folder = make_run("a")
    (folder / RECORD).write_text("{")
    with pytest.raises(CompileError, match="KG606"):
        run_page(folder, folder.parent)


HOSTILE = "</script><script>boom()</script><img src=x onerror=boom()>\"'\u202e"


def test_nothing_in_a_record_becomes_markup(write_run: WriteRun) -> None:
    rows = 20
    plain_text, hostile_text = "name", HOSTILE
    pages = []
    for place, word in (("a", plain_text), ("b", hostile_text)):
        text = word.replace('"', "'")
        folder = write_run(
            place,
            arrays={
                "predicted": np.linspace(0, 1, rows * 3, dtype="float32").reshape(rows, 3),
                "true": np.arange(rows, dtype="int32") % 3,
            },
            classes=[word, "b", "c"],
            history=f'epoch,"{text}","val_{text}"\n1,1,2\n2,0.5,1\n',
            diagnostics=[{"severity": word, "code": word, "message": word, "help": word}],
            config=json.dumps({"data": {word: word}, word: [word]}),
            name=word,
            metrics={"test": {word: 0.5}},
            baselines={"test": {word: {word: 0.5}}},
            weights={"epoch": 1, "set_by": word},
            packages={word: word},
            git=word,
            hardware={word: word},
            timings={word: 1.0},
            data={"samples": {word: 3}},
        )
        pages.append(page_of(folder))
    plain, hostile = pages
    drawn = {"svg", "g", "path", "text", "use", "clippath", "rect", "defs", "tspan", "polyline"}
    tags = [[tag for tag, _ in page.tags if tag.lower() not in drawn] for page in pages]
    assert tags[0] == tags[1]
    assert hostile.scripts == plain.scripts
    assert hostile.acting == []
    assert "boom()" in hostile.sections["summary"]
    assert "boom()" in hostile.sections["predictions"]


@pytest.mark.slow
def test_a_page_of_a_huge_record_is_no_huge_page(write_run: WriteRun) -> None:
    names = [f"metric{number}" for number in range(300)]
    history = ",".join(["epoch", *names]) + "\n"
    history += "".join(f"{n}{',0.5' * 300}\n" for n in range(1, 1_001))
    folder = write_run(
        "a",
        arrays=classified(150, 60_000),
        classes=["x" * 5_000] * 150,
        history=history,
        metrics={"test": dict.fromkeys(names, 0.5)},
        packages={f"package{n}": "9" * 999 for n in range(500)},
        diagnostics=[{"code": "KG101", "severity": "warning", "message": "m" * 9_999}] * 500,
        config="a:\n" + "".join(f"  key{n}: {'v' * 100}\n" for n in range(20_000)),
    )
    assert len(page_html(run_page(folder, folder.parent))) < 4 * 2**20
