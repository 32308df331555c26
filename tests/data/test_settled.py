"""What a data group leaves to its data is written out, by the training rows alone."""

import numpy as np
import pytest
import yaml
from scipy.io import wavfile

from kerasgen.data.model_facts import model_ends
from kerasgen.data.opened import open_data
from kerasgen.diagnostics import CompileError, Sink
from kerasgen.frontend.parse.data import parse_data

ROWS = 60
"""Rows of the table."""


@pytest.fixture
def people(tmp_path):
    """A table with a number that is missing at times, a word and a class; gives its group."""
    random = np.random.default_rng(0)
    age = random.normal(40, 10, ROWS).astype("float32")
    age[[3, 17]] = np.nan
    path = tmp_path / "people.npz"
    np.savez(
        path,
        age=age,
        city=random.choice(["Bonn", "Rome", "Oslo"], ROWS),
        paid=random.choice(["yes", "no"], ROWS),
        number=np.arange(ROWS),
    )

    def group(**keys):
        return {
            "source": {"class": "Arrays", "path": str(path)},
            "features": "all",
            "target": "paid",
            "task": "auto",
            "prepare": "auto",
            "split": {"test": 0.2, "validation": 0.1, "stratify": "auto"},
            **keys,
        }

    return group


def _opened(group):
    sink = Sink()
    definition = parse_data(group, sink)
    assert definition is not None, sink.diagnostics
    return open_data(definition, sink)


def test_nothing_is_left_open(people):
    opened = _opened(people())
    assert not opened.definition.unsettled
    assert opened.definition.task == {"": "classification"}
    assert opened.definition.split.stratify is True


def test_what_was_written_is_read_as_the_same_group(people):
    group = people()
    opened = _opened(group)
    again = _opened({**group, **opened.written})
    assert not again.definition.unsettled
    assert again.definition.prepare == opened.definition.prepare
    assert again.definition.features == opened.definition.features
    assert again.fingerprint == opened.fingerprint


@pytest.mark.parametrize("columns", [{"number": "ignore"}, {"void": "category"}])
def test_a_column_that_goes_in_nowhere_does_not_count_in_the_fingerprint(people, tmp_path, columns):
    with np.load(tmp_path / "people.npz") as archive:
        np.savez(tmp_path / "people.npz", **archive, void=np.full(ROWS, ""))
    group = people(columns=columns)
    opened = _opened(group)
    again = _opened({**group, **opened.written})
    assert "void" not in opened.columns
    assert again.columns.keys() == opened.columns.keys()
    assert again.fingerprint == opened.fingerprint


def test_a_number_that_is_missing_is_filled_and_marked(people):
    steps = {entry.name: entry.definition.cls for entry in _opened(people()).definition.prepare}
    assert steps["age_filled"] == "Impute"
    assert steps["age_missing"] == "IsMissing"
    assert steps["age_scaled"] == "Normalization"


def test_an_ignored_column_is_no_feature(people):
    definition = _opened(people(columns={"number": "ignore"})).definition
    assert not any("number" in column for column in definition.features["input"])


def test_a_word_that_stands_in_the_test_part_alone_is_in_no_vocabulary(people, tmp_path):
    group = people()
    before = _opened(group)
    stranger = int(before.parts.test[0])
    path = tmp_path / "people.npz"
    with np.load(path) as archive:
        columns = dict(archive)
    columns["city"][stranger] = "Lima"
    np.savez(path, **columns)
    after = _opened(group)
    assert stranger in after.parts.test
    assert "Lima" not in str(after.written["prepare"])
    assert after.written["prepare"] == before.written["prepare"]


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b", "a", "b"] * 10, "classification"),
        ([0, 1, 1, 0] * 10, "classification"),
        (np.arange(40) / 3, "regression"),
        (np.arange(40), "regression"),
    ],
)
def test_the_task_follows_from_the_target(values, task, tmp_path):
    path = tmp_path / "rows.npz"
    np.savez(path, x=np.ones((40, 2), "float32"), y=np.asarray(values))
    text = f"{{source: {{class: Arrays, path: {path}}}, features: x, target: y, task: auto}}"
    assert _opened(yaml.safe_load(text)).definition.task == {"": task}


def test_images_are_scaled_and_go_in_alone(tmp_path):
    path = tmp_path / "images.npz"
    images = np.random.default_rng(0).integers(0, 256, (40, 4, 4, 3)).astype("uint8")
    np.savez(path, x=images, y=np.arange(40) % 2)
    text = f"{{source: {{class: Arrays, path: {path}}}, features: all, target: y, task: auto}}"
    opened = _opened({**yaml.safe_load(text), "prepare": "auto"})
    assert opened.definition.features == {"x": ("x_scaled",)}
    assert opened.facts["inputs"] == {"x": {"kind": "image"}}
    assert model_ends(opened).outputs == {"": {"task": "classification", "units": 2}}


def test_steps_that_are_written_stand_among_those_of_auto(people):
    steps = {
        "auto": True,
        "city": {"class": "Categories", "output": "one_hot", "from": "city"},
        "double": {"class": "ops.multiply", "from": ["number", 2.0]},
        "age_scaled": {"class": "Rescaling", "scale": 0.1, "from": "age_filled"},
    }
    definition = _opened(people(prepare=steps)).definition
    assert [entry.name for entry in definition.prepare] == [
        *("age_filled", "age_missing", "age_scaled", "number_scaled"),
        *("city", "double"),
    ]
    scaled = next(entry for entry in definition.prepare if entry.name == "age_scaled")
    assert scaled.definition.cls == "Rescaling"
    assert definition.features == {
        "input": ("age_missing", "age_scaled", "number_scaled", "city", "double")
    }


def test_a_written_step_is_given_the_words_of_the_training_rows(people):
    steps = {"city": {"class": "Categories", "output": "one_hot", "from": "city"}}
    opened = _opened(people(features="city", prepare=steps))
    (entry,) = opened.definition.prepare
    assert sorted(entry.definition.arguments["vocabulary"]) == ["Bonn", "Oslo", "Rome"]
    assert opened.learned == {"city": {"vocabulary": [*entry.definition.arguments["vocabulary"]]}}


def test_a_column_that_is_left_out_is_told(people, tmp_path):
    group = people(columns={"number": {"missing": "mean"}})
    with np.load(tmp_path / "people.npz") as archive:
        columns = {**archive, "number": np.ones(ROWS)}
    np.savez(tmp_path / "people.npz", **columns)
    sink = Sink()
    opened = open_data(parse_data(group, sink), sink)
    (warning,) = sink.diagnostics
    assert (warning.code, warning.location.key) == ("KG528", "data.columns.number")
    assert not any("number" in column for column in opened.definition.features["input"])


def test_a_column_that_cannot_share_an_input_is_refused(people, tmp_path):
    group = people(
        features={"all_of_it": ["age", "city"]},
        columns={"city": {"type": "category", "encode": "embedding"}},
    )
    with pytest.raises(CompileError) as caught:
        _opened(group)
    (found,) = caught.value.diagnostics
    assert (found.code, found.location.key) == ("KG529", "data.features.all_of_it")


def _rows_of(tmp_path, **columns):
    path = tmp_path / "rows.npz"
    np.savez(path, x=np.ones((40, 2), "float32"), **columns)
    return {"source": {"class": "Arrays", "path": str(path)}, "features": "x", "task": "auto"}


def test_several_numbers_are_one_target_in_their_own_units(tmp_path):
    group = _rows_of(tmp_path, low=np.arange(40.0), high=np.arange(40.0) * 100)
    opened = _opened({**group, "target": ["low", "high"]})
    assert opened.definition.task == {"": "regression"}
    facts = model_ends(opened).outputs[""]
    assert (facts["units"], len(facts["mean"])) == (2, 2)
    assert facts["deviation"][1] == pytest.approx(100 * facts["deviation"][0])


def test_several_columns_of_0_and_1_are_labels(tmp_path):
    flags = np.arange(40) % 2
    opened = _opened({**_rows_of(tmp_path, a=flags, b=1 - flags), "target": ["a", "b"]})
    assert opened.definition.task == {"": "multilabel"}
    assert model_ends(opened).outputs[""]["units"] == 2


def test_a_target_may_be_learned_by_its_logarithm(tmp_path):
    group = _rows_of(tmp_path, y=np.expm1(np.arange(40.0) / 4))
    columns = {"y": {"type": "number", "scale": "log"}}
    facts = model_ends(_opened({**group, "target": "y", "columns": columns})).outputs[""]
    assert facts["log"] is True
    assert facts["mean"] == pytest.approx(39 / 8)


def test_the_share_of_a_rare_class_is_known(tmp_path):
    group = _rows_of(tmp_path, y=np.where(np.arange(40) < 4, "spam", "ham"))
    assert model_ends(_opened({**group, "target": "y"})).outputs[""]["rarest"] == 0.1


def test_labels_in_cells_are_a_place_for_each(tmp_path):
    tags = np.array(["red; big", "", "big", "red"] * 10)
    group = _rows_of(tmp_path, y=tags)
    opened = _opened(
        {**group, "target": "y", "columns": {"y": {"type": "labels", "separator": ";"}}}
    )
    assert opened.definition.task == {"": "multilabel"}
    assert opened.schema.class_names == {"y": ("big", "red")}
    assert opened.columns["y"][:4].tolist() == [[1, 1], [0, 0], [1, 0], [0, 1]]


@pytest.mark.parametrize(("said", "made"), [({}, ["x_scaled"]), ({"x": "sequence"}, ["x_steps"])])
def test_several_numbers_a_row_are_numbers_or_a_sequence(said, made, tmp_path):
    group = _rows_of(tmp_path, y=np.arange(40) % 2)
    group["source"]["path"] = str(tmp_path / "lists.npz")
    np.savez(tmp_path / "lists.npz", x=np.arange(120).reshape(40, 3), y=np.arange(40) % 2)
    opened = _opened({**group, "target": "y", "columns": said, "prepare": "auto"})
    assert opened.definition.features == {"input" if not said else "x": tuple(made)}
    (step,) = [entry.definition for entry in opened.definition.prepare]
    assert step.arguments.get("length") == (3 if said else None)


@pytest.mark.parametrize(
    "said",
    [
        {"type": "ordinal", "order": ["low", "mid", "high"]},
        {"type": "category", "vocabulary": ["low", "mid", "high"]},
    ],
)
def test_classes_have_the_order_in_which_the_config_names_them(said, tmp_path):
    group = _rows_of(tmp_path, y=np.array(["high", "low", "mid", "low"] * 10))
    opened = _opened({**group, "target": "y", "columns": {"y": said}})
    assert opened.facts["class_names"] == ["low", "mid", "high"]
    assert opened.columns["y"][:4].tolist() == [2, 0, 1, 0]


def test_labels_have_the_order_in_which_the_config_names_them(tmp_path):
    group = _rows_of(tmp_path, y=np.array(["red,big", "", "big", "red"] * 10))
    said = {"type": "labels", "vocabulary": ["red", "blue", "big"]}
    opened = _opened({**group, "target": "y", "columns": {"y": said}})
    assert opened.schema.class_names == {"y": ("red", "blue", "big")}
    assert opened.columns["y"][:4].tolist() == [[1, 0, 1], [0, 0, 0], [0, 0, 1], [1, 0, 0]]


def test_words_cannot_be_encoded_by_labels(people):
    group = people(
        columns={"city": {"type": "category", "encode": "target"}, "paid": {"type": "labels"}}
    )
    with pytest.raises(CompileError) as caught:
        _opened(group)
    assert [found.code for found in caught.value.diagnostics] == ["KG530"]


def test_a_word_is_encoded_by_the_target_where_that_is_asked_for(people):
    columns = {"city": {"type": "category", "encode": "target"}}
    opened = _opened(people(columns=columns))
    step = next(e.definition for e in opened.definition.prepare if e.name == "city_by_paid")
    assert step.arguments == {"of": "paid"}


def test_what_a_source_says_of_its_columns_is_not_written(define, tmp_path) -> None:
    for number in range(8):
        (tmp_path / "ab"[number % 2]).mkdir(exist_ok=True)
        (tmp_path / "ab"[number % 2] / f"{number}.txt").write_text(f"word{number}")
    text = f"source: {{class: Texts, path: {tmp_path}}}\nfeatures: all\ntarget: label\n"
    opened = open_data(define(text + "task: auto\nprepare: auto\n"), Sink())
    assert opened.written["columns"] == {"label": "number"}
    assert opened.written["features"] == {"text": ["text_tokens"]}


def test_a_sound_goes_in_as_a_picture_of_its_pitches(define, tmp_path) -> None:
    for number in range(8):
        (tmp_path / "ab"[number % 2]).mkdir(exist_ok=True)
        tone = (np.sin(np.arange(800) / (2 + number % 2)) * 9000).astype("int16")
        wavfile.write(tmp_path / "ab"[number % 2] / f"{number}.wav", 4000, tone)
    text = f"source: {{class: Sounds, path: {tmp_path}%s}}\nfeatures: all\ntarget: label\n"
    text += "task: auto\nprepare: auto\n"
    opened = open_data(define(text % ""), Sink())
    assert opened.facts["inputs"]["sound"]["kind"] == "image"
    steps = [entry.definition for entry in opened.definition.prepare]
    assert [step.cls for step in steps] == ["MelSpectrogram", "ops.expand_dims", "Normalization"]
    assert steps[0].arguments["fft_length"] == 128
    opened = open_data(define(text % ", channels: 2"), Sink())
    assert opened.facts["inputs"]["sound"]["kind"] == "sequence"
